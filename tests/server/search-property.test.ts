// Whatever is sent, edited and deleted, by anyone and in any order, is found exactly where somebody who read all their rooms would
// find it. That reader shares no code with the search.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Actor } from "../../server/src/auth/sessions.ts";
import { createLocalBus } from "../../server/src/bus/local-bus.ts";
import type { Database } from "../../server/src/db/database.ts";
import { readEpoch } from "../../server/src/db/installation.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { systemClock as clock } from "../../server/src/lib/clock.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { SearchIndex } from "../../server/src/search/search-index.ts";
import { searchMessages } from "../../server/src/search/search-messages.ts";
import { seededRandom } from "../faults/seeded-random.ts";
import type { Person } from "../support/person.ts";
import { addFiller, searchAll, untilIndexed } from "../support/search.ts";
import { describeServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "100000" };
const rounds = 4;
const actsPerRound = 60;
const seed = 20261129;

const pieces = [
  "deploy",
  "Deployment",
  "redeploy",
  "café",
  "CAFE",
  "Straße",
  "strasse",
  "NX-12",
  "foo.bar",
  "a",
  "ab",
  "abc",
];
const dense = ["北京", "北京开会", "会议", "データ", "ベース", "서울", "🎂"];
const queries = [
  ...pieces,
  ...dense,
  "dep",
  "ploy",
  "plo",
  "stras",
  "trass",
  "nx-1",
  "foo.ba",
  "京开",
  "会",
  "ータベ",
  "데",
  "울",
  "b",
  "nothing",
];

describeServer(
  "searching finds what a reader finds",
  { env },
  ({ server, data, sql, restart, alice, bob, carol }) => {
    let board: RoomId;
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const sent: { room: RoomId; seq: number; by: Person }[] = [];
    const second = useSecondIndex(data);

    beforeAll(async () => {
      board = (await alice.run("room.create", { kind: "private", name: "Board", people: [await bob.id()] }))
        .room.id;
      // On one of the databases by looking at each message, on the other by the index.
      if (data.kind === "postgres") await addFiller(sql, generalRoomId, carol);
    });

    const text = () => {
      const count = 1 + Math.floor(random() * 5);
      const list = Array.from({ length: count }, () => pick(random() < 0.3 ? dense : pieces));
      return list.join(random() < 0.8 ? " " : "");
    };

    const act = async () => {
      const room = random() < 0.5 ? generalRoomId : board;
      const by = pick(room === generalRoomId ? [alice, bob, carol] : [alice, bob]);
      const chosen = pick(sent);
      const kind = random();
      if (kind < 0.6 || !chosen) {
        const response = await by.command("message.send", {
          room,
          sendId: crypto.randomUUID() as never,
          body: { kind: "text", text: text() },
        });
        // While bob is out of the room, he can't write there.
        if (response.status === 200)
          sent.push({ room, seq: ((await response.json()) as { seq: number }).seq, by });
      } else if (kind < 0.78)
        await chosen.by.command("message.edit", { ...chosen, by: undefined, text: text() } as never);
      else if (kind < 0.92) await chosen.by.command("message.delete", { room: chosen.room, seq: chosen.seq });
      else if (kind < 0.95) await alice.command("member.remove", { room: board, person: await bob.id() });
      else if (kind < 0.98) await alice.command("member.add", { room: board, people: [await bob.id()] });
      else
        await bob.command(random() < 0.5 ? "person.block" : "person.unblock", { person: await carol.id() });
    };

    test(`[Z07] after ${rounds} times ${actsPerRound} acts, with the process and the index killed in between`, async () => {
      for (let round = 0; round < rounds; round++) {
        for (let count = 0; count < actsPerRound; count++) {
          await act();
          if (random() < 0.05) second.crash();
        }
        if (round % 2 === 0) {
          await server.kill();
          await restart();
        }
        const rooms = [generalRoomId, board];
        await untilIndexed(alice, rooms);
        await second.caughtUp();
        for (const person of [alice, bob, carol]) {
          const readable = await readAll(person, person === carol ? [generalRoomId] : rooms);
          const blocked = person === bob ? await blockedBy(bob) : [];
          const messages = readable.filter(({ sender }) => !blocked.includes(sender));
          for (const query of queries) {
            const wanted = messages.flatMap(({ place, text }) => {
              const kind = howItFits(text, query);
              return kind ? [`${kind} ${place}`] : [];
            });
            const found = (hits: readonly { match: string; room: string; seq: number }[]) =>
              hits
                .filter(({ match }) => match === "word" || match === "inside")
                .map(({ match, room, seq }) => `${match} ${room} ${seq}`)
                .sort();
            const where = `round ${round}, ${person.username}, ${query}`;
            expect(found(await searchAll(person, query)), where).toEqual([...wanted].sort());
            expect(found(await second.search(person, query)), `${where}, by another process`).toEqual(
              [...wanted].sort(),
            );
          }
        }
      }
    }, 180_000);
  },
);

/** What somebody sees who goes through their rooms from end to end; a room that they are not in is empty to them. */
async function readAll(person: Person, rooms: readonly RoomId[]) {
  const messages: { place: string; sender: string; text: string }[] = [];
  for (const room of rooms) {
    for (let before = ""; ; ) {
      const response = await person.fetch(`/api/rooms/${room}/timeline?limit=200${before}`);
      if (response.status === 404) break;
      const page = (await response.json()) as TimelinePage;
      for (const entry of page.entries)
        if (entry.kind === "message" && entry.body.kind === "text")
          messages.push({ place: `${room} ${entry.seq}`, sender: entry.sender.id, text: entry.body.text });
      if (!page.hasBefore) break;
      before = `&before=${page.entries[0]!.seq}`;
    }
  }
  return messages;
}

async function blockedBy(person: Person): Promise<string[]> {
  const me = await person.read<{ blocked: { id: string }[] }>("/api/me");
  return me.blocked.map(({ id }) => id);
}

/** Whether a text has the word that was typed or one that begins so ("word"), or has it inside of a word; null if not. */
function howItFits(text: string, query: string): "word" | "inside" | null {
  const plain = (value: string) => value.toLowerCase().replaceAll("é", "e").replaceAll("ß", "ss");
  if (/[^\0-\x7f]/.test(plain(query))) return plain(text).includes(plain(query)) ? "word" : null;
  const words = plain(text).match(/[a-z]*[a-z0-9]+|[^\0-\x7f]|[^a-z0-9]/g) ?? [];
  const wanted = plain(query).match(/[a-z0-9]+/g)!;
  const isWord = (index: number, isLast: boolean, word: string | undefined) =>
    word === wanted[index] ||
    (isLast && wanted[index]!.length > 1 && (word?.startsWith(wanted[index]!) ?? false));
  const runs = words.filter((word) => /[a-z0-9]|[^\0-\x7f]/.test(word));
  for (let first = 0; first < runs.length; first++)
    if (wanted.every((_, index) => isWord(index, index === wanted.length - 1, runs[first + index])))
      return "word";
  const isInside = wanted.length === 1 && query.length >= 3 && runs.some((run) => run.includes(plain(query)));
  return isInside ? "inside" : null;
}

/** One more process with an index of its own, which gets nothing by the bus. Only PostgreSQL takes a second process. */
function useSecondIndex(data: { kind: string; url: string | null }) {
  let open: { db: Database; index: SearchIndex; folder: string } | undefined;
  beforeAll(async () => {
    if (data.url === null) return;
    const db = await openDatabase({ kind: "postgres", url: data.url }, log);
    const folder = mkdtempSync(join(tmpdir(), "novax-index-"));
    const index = new SearchIndex({
      db,
      bus: createLocalBus(log),
      log,
      epoch: await readEpoch(db.sql),
      indexFolder: folder,
      processes: 1,
      isOn: true,
    });
    index.start();
    open = { db, index, folder };
  });
  afterAll(async () => {
    await open?.index.stop();
    await open?.db.close();
    if (open) rmSync(open.folder, { recursive: true });
  });
  return {
    crash: () => open?.index.crash(),
    caughtUp: async () => open?.index.caughtUp(),
    search: async (person: Person, q: string) => {
      if (!open) return searchAll(person, q);
      const actor = { id: await person.id(), username: person.username } as Actor;
      const app = { db: open.db, clock, searchIndex: open.index, budgets: { chargeAnswer: () => {} } };
      const hits = [];
      for (let after: string | undefined; ; ) {
        const found = await searchMessages(app, actor, { q, ...(after ? { after } : {}) });
        hits.push(...found.hits);
        if (found.next === null) return hits;
        after = found.next;
      }
    },
  };
}
