// The index itself: a file of SQLite with its full-text search (FTS5). Everything here is synchronous; it runs in a thread of
// its own (`index-worker.ts`).
import type { Database as Sqlite } from "bun:sqlite";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Searchable } from "./document.ts";
import { keysOf, textsOf } from "./document.ts";
import { anyOf, idsPerMs, isListed, storedForm } from "./index-expression.ts";
import { emptyFile } from "./index-file.ts";
import type { IndexedRoom, IndexQuery, IndexResult } from "./index-parts.ts";
import { searchIndex } from "./index-search.ts";
import { WordList } from "./word-list.ts";
import { wordsOf } from "./words.ts";

/** How the words of a message are taken apart and stored. Another number makes every index start anew. */
const indexVersion = 1;

/** Where a room's log is indexed to: its event at `seq` was recorded at the time `at`. */
export type IndexPosition = { room: RoomId; seq: number; at: number };

/** So many messages are forgotten in one go: each takes up to a millisecond. */
const forgottenAtOnce = 300;

type DocRow = { id: number; room: number; words: string };

/** One index, in one file, of one epoch of a database. */
export class IndexDatabase {
  readonly #sqlite: Sqlite;
  #words = new WordList();
  readonly #rooms = new Map<RoomId, IndexedRoom>();
  readonly #roomIds = new Map<number, RoomId>();
  readonly #senders = new Map<AccountId, number>();
  readonly #erased = new Set<AccountId>();
  #messages = 0;
  #version = 0;
  #mustCheckpoint = false;

  /** The index in a file that this process has; an empty one if the file is of another epoch or version. */
  constructor(sqlite: Sqlite, epoch: string) {
    this.#sqlite = sqlite;
    if (!this.#isOf(epoch)) emptyFile(sqlite);
    this.#create(epoch);
    this.#load();
  }

  /** Makes it an empty one. */
  reset(epoch: string): void {
    emptyFile(this.#sqlite);
    this.#create(epoch);
    this.#load();
  }

  #isOf(epoch: string): boolean {
    const table = this.#sqlite.query("select 1 from sqlite_master where name = 'meta'").get();
    if (table === null) return false;
    const meta = this.#sqlite.query<{ epoch: string; version: number }, []>("select * from meta").get();
    return meta?.epoch === epoch && meta.version === indexVersion;
  }

  #create(epoch: string): void {
    const sqlite = this.#sqlite;
    // A lost end of the file is indexed again, so commits need not wait for the disk.
    sqlite.run("pragma synchronous = normal");
    sqlite.run("pragma secure_delete = on");
    sqlite.run("pragma cache_size = -32000");
    sqlite.run("pragma temp_store = memory");
    sqlite.run(`
      create table if not exists meta (epoch text not null, version integer not null);
      create table if not exists rooms (no integer primary key, id text not null unique, seq integer not null, at integer not null);
      create table if not exists senders (no integer primary key, id text not null unique);
      create table if not exists erased (id text primary key);
      create table if not exists docs (
        id integer primary key, room integer not null, seq integer not null, words text not null, unique (room, seq)
      );
      create virtual table if not exists found using fts5(words, content='docs', content_rowid='id', tokenize='ascii');
      create virtual table if not exists vocabulary using fts5vocab(found, row);
    `);
    // What is deleted is gone from the file at once, and not only when its part of the index is next rewritten.
    const isSecure =
      sqlite.query("select 1 from found_config where k = 'secure-delete' and v = 1").get() !== null;
    if (!isSecure) sqlite.run("insert into found(found, rank) values ('secure-delete', 1)");
    const hasMeta = sqlite.query("select 1 from meta").get() !== null;
    if (!hasMeta) sqlite.query("insert into meta values (?, ?)").run(epoch, indexVersion);
  }

  /** Reads what is kept in memory from the file. */
  #load(): void {
    const sqlite = this.#sqlite;
    this.#words = new WordList();
    this.#rooms.clear();
    this.#roomIds.clear();
    this.#senders.clear();
    this.#erased.clear();
    this.#messages = 0;
    this.#version += 1;
    const counts = sqlite.query<{ room: number; count: number }, []>(
      "select room, count(*) as count from docs group by room",
    );
    const messages = new Map(counts.all().map(({ room, count }) => [room, count]));
    const rooms = sqlite.query<{ no: number; id: RoomId; seq: number; at: number }, []>(
      "select * from rooms",
    );
    for (const row of rooms.all()) this.#putRoom(row.id, { ...row, messages: messages.get(row.no) ?? 0 });
    for (const count of messages.values()) this.#messages += count;
    for (const row of sqlite.query<{ no: number; id: AccountId }, []>("select * from senders").all())
      this.#senders.set(row.id, row.no);
    for (const row of sqlite.query<{ id: AccountId }, []>("select id from erased").all())
      this.#erased.add(row.id);
    // If there are more words than the list takes, those that occur once are left out first.
    for (const condition of ["doc > 1", "doc = 1"]) {
      const sql = `select term, doc from vocabulary where ${condition}`;
      for (const { term, doc } of sqlite.query<{ term: string; doc: number }, []>(sql).iterate())
        if (isListed(term)) this.#words.add(term, doc);
    }
  }

  positions(): IndexPosition[] {
    return [...this.#rooms].map(([room, { seq, at }]) => ({ room, seq, at }));
  }

  positionOf(room: RoomId): IndexPosition | null {
    const known = this.#rooms.get(room);
    return known ? { room, seq: known.seq, at: known.at } : null;
  }

  erased(): AccountId[] {
    return [...this.#erased];
  }

  get size(): { messages: number; words: number } {
    return { messages: this.#messages, words: this.#words.size };
  }

  /**
   * Takes what messages say now, and where the logs of their rooms are read to, in one transaction. A message that is gone
   * loses its words.
   */
  apply(messages: readonly Searchable[], positions: readonly IndexPosition[]): void {
    this.#transact(() => {
      const given = new Set<number>();
      const changed = messages.flatMap((message) => {
        const before = this.#find(message);
        const words = this.#wordsOf(message);
        if (words === (before?.words ?? null)) return [];
        return [{ id: before?.id ?? this.#freeId(message, given), before, words, message }];
      });
      // The full-text search writes what it has whenever a number is smaller than the one before.
      changed.sort((a, b) => a.id - b.id);
      for (const { id, before, words, message } of changed) {
        if (before) this.#delete(before);
        if (words !== null) this.#insert(id, message, words);
      }
      for (const position of positions) this.#setPosition(position);
    });
  }

  /**
   * Forgets a room, whose log is another one than it was, at most `forgottenAtOnce` messages of it. Returns whether that was
   * all; until then it has to be asked again.
   */
  forgetRoom(room: RoomId): boolean {
    const known = this.#rooms.get(room);
    if (!known) return true;
    const docs = this.#sqlite.query<DocRow, [number, number]>(
      "select id, room, words from docs where room = ? order by id limit ?",
    );
    return this.#forget(docs.all(known.no, forgottenAtOnce), () =>
      this.#setPosition({ room, seq: 0, at: 0 }),
    );
  }

  /** Forgets what a person wrote, whose messages lost their texts. Returns as {@link forgetRoom} does. */
  eraseSender(sender: AccountId): boolean {
    const docs = this.#sqlite.query<DocRow, [string, number]>(
      "select d.id, d.room, d.words from found join docs d on d.id = found.rowid where found match ? order by d.id limit ?",
    );
    const no = this.#senders.get(sender);
    const found = no === undefined ? [] : docs.all(anyOf([`s${no}`]), forgottenAtOnce);
    return this.#forget(found, () => {
      this.#sqlite.query("insert or ignore into erased values (?)").run(sender);
      this.#erased.add(sender);
    });
  }

  #forget(docs: readonly DocRow[], finish: () => void): boolean {
    const isDone = docs.length < forgottenAtOnce;
    this.#transact(() => {
      for (const doc of docs) this.#delete(doc);
      if (isDone) finish();
    });
    return isDone;
  }

  /** Overwrites what was deleted in the journal as well. */
  checkpoint(): void {
    if (!this.#mustCheckpoint) return;
    this.#mustCheckpoint = false;
    this.#sqlite.run("pragma wal_checkpoint(truncate)");
  }

  close(): void {
    this.#sqlite.run("pragma wal_checkpoint(truncate)");
    this.#sqlite.close();
  }

  search(query: IndexQuery): IndexResult {
    return searchIndex(
      {
        sqlite: this.#sqlite,
        words: this.#words,
        messages: this.#messages,
        version: this.#version,
        room: (id) => this.#rooms.get(id),
        roomId: (no) => this.#roomIds.get(no)!,
        senderNo: (id) => this.#senders.get(id),
      },
      query,
    );
  }

  #transact(work: () => void): void {
    this.#sqlite.run("begin immediate");
    try {
      work();
      this.#sqlite.run("commit");
    } catch (error) {
      if (this.#sqlite.inTransaction) this.#sqlite.run("rollback");
      // What is in memory is ahead of the file.
      this.#load();
      throw error;
    }
  }

  #find({ room, seq }: Searchable): DocRow | null {
    const known = this.#rooms.get(room);
    // What comes behind the end of the index cannot be in it.
    if (known === undefined || seq > known.seq) return null;
    return this.#sqlite
      .query<DocRow, [number, number]>("select id, room, words from docs where room = ? and seq = ?")
      .get(known.no, seq);
  }

  /** The same on every process but for rare exceptions, so that a cursor of one means the same to another. */
  #freeId({ room, seq, sentAt }: Searchable, given: Set<number>): number {
    // Of messages of one room in the same millisecond the later one comes later.
    let id = sentAt * idsPerMs + ((Bun.hash.crc32(room) + seq) % idsPerMs);
    const taken = this.#sqlite.query<{ id: number }, [number]>("select id from docs where id = ?");
    while (given.has(id) || taken.get(id) !== null) id += 1;
    given.add(id);
    return id;
  }

  /** What is stored of a message; null if it cannot be found. */
  #wordsOf(message: Searchable): string | null {
    const texts = this.#erased.has(message.sender) ? null : textsOf(message);
    if (!texts) return null;
    const keys = [`r${this.#roomNo(message.room)}`, `s${this.#senderNo(message.sender)}`, ...keysOf(message)];
    const words = texts.map((text) =>
      wordsOf(text)
        .map((word) => word.text)
        .join(" "),
    );
    return storedForm(keys, words);
  }

  #insert(id: number, { room, seq }: Searchable, words: string): void {
    const values: [number, number, number, string] = [id, this.#roomNo(room), seq, words];
    this.#sqlite.query("insert into docs (id, room, seq, words) values (?, ?, ?, ?)").run(...values);
    this.#sqlite.query("insert into found (rowid, words) values (?, ?)").run(id, words);
    for (const word of new Set(words.split(" "))) if (isListed(word)) this.#words.add(word);
    this.#count(room, 1);
  }

  #delete({ id, room, words }: DocRow): void {
    this.#sqlite.query("insert into found (found, rowid, words) values ('delete', ?, ?)").run(id, words);
    this.#sqlite.query("delete from docs where id = ?").run(id);
    for (const word of new Set(words.split(" "))) this.#words.remove(word);
    this.#count(this.#roomIds.get(room)!, -1);
    this.#mustCheckpoint = true;
  }

  #count(room: RoomId, by: 1 | -1): void {
    this.#messages += by;
    this.#version += 1;
    this.#rooms.get(room)!.messages += by;
  }

  #roomNo(id: RoomId): number {
    const known = this.#rooms.get(id);
    if (known) return known.no;
    this.#setPosition({ room: id, seq: 0, at: 0 });
    return this.#rooms.get(id)!.no;
  }

  #setPosition({ room, seq, at }: IndexPosition): void {
    const row = this.#sqlite
      .query<{ no: number }, [string, number, number]>(
        "insert into rooms (id, seq, at) values (?, ?, ?) on conflict (id) do update set seq = excluded.seq, at = excluded.at returning no",
      )
      .get(room, seq, at);
    this.#putRoom(room, { no: row!.no, seq, at, messages: this.#rooms.get(room)?.messages ?? 0 });
  }

  #putRoom(id: RoomId, room: IndexedRoom): void {
    this.#rooms.set(id, room);
    this.#roomIds.set(room.no, id);
  }

  #senderNo(id: AccountId): number {
    const known = this.#senders.get(id);
    if (known !== undefined) return known;
    const row = this.#sqlite
      .query<{ no: number }, [string]>("insert into senders (id) values (?) returning no")
      .get(id);
    this.#senders.set(id, row!.no);
    return row!.no;
  }
}
