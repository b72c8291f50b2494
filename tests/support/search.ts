// Searching as a person, and the year of messages of `search-corpus.ts`.
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { readUrl } from "@novax/protocol/read-paths";
import type { ReadInput, ReadResult, SearchHit } from "@novax/protocol/reads";
import type { SQL } from "bun";
import type { Person } from "./person.ts";
import { type CorpusMessage, corpus } from "./search-corpus.ts";
import { waitUntil } from "./server.ts";
import { picture, upload, text as words } from "./uploads.ts";

export type Found = ReadResult<"search.messages">;
type Input = Partial<ReadInput<"search.messages">>;

export function search(person: Person, q: string, more: Input = {}): Promise<Found> {
  return person.read<Found>(readUrl("search.messages", { q, ...more } as never));
}

/** Every hit, page by page. */
export async function searchAll(person: Person, q: string, more: Input = {}): Promise<SearchHit[]> {
  const hits: SearchHit[] = [];
  let after: string | undefined;
  do {
    const found = await search(person, q, { ...more, ...(after === undefined ? {} : { after }) });
    hits.push(...found.hits);
    after = found.next ?? undefined;
  } while (after !== undefined);
  return hits;
}

let markers = 0;

/** Waits until what happened in the rooms of a person so far can be found: the index is never waited for by a send. */
export async function untilIndexed(person: Person, rooms?: readonly RoomId[]): Promise<void> {
  for (const room of rooms ?? (await person.rooms()).map(({ id }) => id)) {
    markers += 1;
    const word = `marker${markers}x${Math.random().toString(36).slice(2)}`;
    const seq = await person.say(room, word);
    const isFound = async () => (await search(person, word)).hits.length > 0;
    if (!(await waitUntil(isFound, 20_000))) throw new Error(`${room} was not indexed`);
    await person.run("message.delete", { room, seq });
  }
}

export type Corpus = { rooms: Record<CorpusMessage["room"], RoomId>; keyOf(hit: SearchHit): string };

/** Sends the year of messages, in its order. */
export async function sendCorpus(people: Record<"alice" | "bob" | "carol", Person>): Promise<Corpus> {
  const { alice, bob, carol } = people;
  const create = async (kind: "public" | "private", name: string) => {
    const ids = [await bob.id(), await carol.id()];
    return (await alice.run("room.create", { kind, name, people: ids })).room.id;
  };
  const direct: { room: JoinedRoom } = await alice.run("direct.open", { people: [await bob.id()] });
  const rooms = {
    general: "general" as RoomId,
    engineering: await create("public", "Engineering"),
    office: await create("private", "Office"),
    "alice and bob": direct.room.id,
  };
  const seqs = new Map<string, { room: RoomId; seq: number }>();
  for (const message of [...corpus].sort((a, b) => a.day - b.day)) {
    const by = people[message.by];
    const room = rooms[message.room];
    const threadRoot = message.inThreadOf === undefined ? undefined : seqs.get(message.inThreadOf)!.seq;
    const { seq } = await by.run("message.send", {
      room,
      sendId: crypto.randomUUID() as SendId,
      body: await bodyOf(by, message),
      ...(threadRoot === undefined ? {} : { threadRoot }),
    });
    seqs.set(message.key, { room, seq });
    if (message.isPinned) await by.run("message.pin", { room, seq });
    if (message.isSavedByAlice) await alice.run("message.save", { room, seq });
  }
  const keys = new Map([...seqs].map(([key, { room, seq }]) => [`${room} ${seq}`, key]));
  return { rooms, keyOf: ({ room, seq }) => keys.get(`${room} ${seq}`) ?? `${room} ${seq}` };
}

async function bodyOf(by: Person, { text, choices, file }: CorpusMessage) {
  if (choices) {
    const options = { isMultiple: false, isAnonymous: false, closesAt: null };
    return { kind: "poll" as const, question: text, choices: [...choices], ...options };
  }
  if (!file) return { kind: "text" as const, text };
  const isPicture = file.name.endsWith(".png");
  const bytes = isPicture ? await picture("png") : words(`${file.name}\n`);
  const { id } = await upload(by, bytes, { name: file.name });
  return { kind: "text" as const, text, files: [{ id, ...(file.alt ? { alt: file.alt } : {}) }] };
}

/** More messages than are looked at one by one, so that the index itself is asked. Nothing in them is looked for. */
export async function addFiller(sql: SQL, room: RoomId, by: Person): Promise<void> {
  const count = 4500;
  const sender = await by.id();
  await sql`
    with head as (update rooms set head_seq = head_seq + ${count} where id = ${room} returning head_seq - ${count} as seq),
    events as (
      insert into room_events (room_id, seq, type, actor_id, at)
      select ${room}, head.seq + n, 'message.sent', ${sender}, 1000 + n from head, generate_series(1, ${count}::int) n
      returning seq
    )
    insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
    select ${room}, head.seq + n, ${sender}, gen_random_uuid(), 1000 + n, '{"kind":"text","text":"qqqq qqq"}'
    from head, generate_series(1, ${count}::int) n`;
}
