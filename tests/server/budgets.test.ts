import { expect, test } from "bun:test";
import { messageTextCharsMax, pageMessagesMax } from "@novax/protocol/limits";
import { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer(
  "what a request costs",
  {
    only: "postgres",
    env: { VISITOR_REQUESTS_PER_SECOND: "200" },
    // A budget that one test spent is nothing for another to wait for: each spends those of people of its own.
    people: ["alice", "bob", "carol", "dave", "robot"],
  },
  ({ server, sql, alice, bob, carol, dave, robot }) => {
    const statuses = async (count: number, ask: () => Promise<Response>) => {
      const answers = await Promise.all(Array.from({ length: count }, ask));
      return answers.map(({ status }) => status);
    };

    test("[A21] pages, forms and the chat spend a session's budget, and leave the other sessions and people theirs", async () => {
      const other = await alice.inAnotherBrowser();
      for (const [count, ask] of [
        [40, () => alice.fetch("/chat")],
        [120, () => alice.fetch("/account")],
        [120, () => alice.post("/account/profile", { display_name: "Alice" })],
      ] as const) {
        const answers = await statuses(count, ask);
        expect(answers).toContain(200);
        expect(answers).toContain(429);
        expect((await bob.fetch("/chat")).status).toBe(200);
        // Somebody with a stolen session cannot keep its owner from the page that ends it.
        expect((await other.fetch("/account/devices")).status).toBe(200);
        expect(await waitUntil(async () => (await alice.fetch("/account")).status === 200)).toBe(true);
      }
      const answers = await statuses(400, () => alice.fetch("/api/rooms"));
      expect(answers).toContain(429);
      expect((await other.fetch("/account/devices")).status).toBe(200);
    }, 30_000);

    test("[A21] reading costs what is read", async () => {
      const body = JSON.stringify({ kind: "text", text: "x".repeat(messageTextCharsMax) });
      const sender = await bob.id();
      await sql`
      with head as (
        update rooms set head_seq = head_seq + 100 where id = 'general' returning head_seq - 100 as before
      ), event as (
        insert into room_events (room_id, seq, type, actor_id, at)
        select 'general', before + i, 'message.sent', ${sender}, i from head, generate_series(1, 100) i
      )
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select 'general', before + i, ${sender}, gen_random_uuid(), i, ${body}::text::jsonb
      from head, generate_series(1, 100) i`;
      const read = (limit: number) => () => carol.fetch(`/api/rooms/general/timeline?limit=${limit}`);
      // 400 kB each; small answers are as many as ever.
      expect(await statuses(10, read(pageMessagesMax))).toContain(200);
      expect((await read(1)()).status).toBe(429);
      const readAsBob = () => bob.fetch("/api/rooms/general/timeline?limit=1");
      expect(new Set(await statuses(20, readAsBob))).toEqual(new Set([200]));
      expect(await waitUntil(async () => (await read(1)()).status === 200, 10_000)).toBe(true);
    }, 60_000);

    test("[A21] a request without a session spends the budget of its address, and one with a session does not", async () => {
      const visitor = new Person(server, "visitor");
      const answers = await statuses(600, () => visitor.fetch("/"));
      expect(answers).toContain(200);
      expect(answers).toContain(429);
      expect((await bob.fetch("/account")).status).toBe(200);
      expect((await visitor.fetch("/healthz")).status).toBe(200);
    });

    test("[A21] exports are rare", async () => {
      const codes = [];
      for (let round = 0; round < 7; round++) {
        const response = await bob.post("/account/export", {});
        codes.push(response.status);
        await response.text();
      }
      expect(codes).toEqual([200, 200, 200, 200, 200, 429, 429]);
    });

    test("[A23] long texts cost more than short ones", async () => {
      const send = (person: Person, length: number) => () =>
        person.command("message.send", {
          room: "general" as never,
          sendId: crypto.randomUUID() as never,
          body: { kind: "text", text: "x".repeat(length) },
        });
      const sendAll = async (person: Person, length: number) => {
        const answers: number[] = [];
        for (let round = 0; round < 9; round++) answers.push(...(await statuses(4, send(person, length))));
        return answers.filter((status) => status === 200).length;
      };
      expect(await sendAll(dave, messageTextCharsMax)).toBeLessThan(25);
      expect(await sendAll(robot, 100)).toBe(36);
    }, 30_000);
  },
);
