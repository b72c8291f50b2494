import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SendId } from "@novax/protocol/ids";
import { parseConfig } from "../../server/src/config/read-config.ts";
import type { Database, Sql } from "../../server/src/db/database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { type OpenApp, openApp } from "../../server/src/main.ts";
import { mentionStep } from "../../server/src/messages/mention-step.ts";
import { quoteStep } from "../../server/src/messages/quote-step.ts";
import { type SendFields, sendMessage } from "../../server/src/messages/send-message.ts";
import type { SendStep, SharedStep } from "../../server/src/messages/send-step.ts";
import { pollClosingStep } from "../../server/src/polls/close-poll.ts";
import { pushStep } from "../../server/src/push/push-step.ts";
import { replyStep } from "../../server/src/threads/reply-step.ts";
import { createTestData, databaseKinds, isAvailable, type TestData } from "../support/server.ts";

// Each statement of a send is waited for while the room is locked, so another one is a decision: it changes a number here.

/** Everything that has to do with the message itself. */
const fixed = 1;

/** The same, with a call of `note` for each statement. */
function counted(sql: Sql, note: () => void): Sql {
  const noted = <Row>(strings: TemplateStringsArray, ...values: unknown[]) => {
    note();
    return sql<Row>(strings, ...values);
  };
  return Object.assign(noted, { fragment: sql.fragment, limit: sql.limit, array: sql.array });
}

/** Counts what runs on the database: for each transaction in the order in which they begin, and outside of any. */
function countStatements(db: Database) {
  const counts = { transactions: [] as number[], outside: 0 };
  const { sql } = db;
  const transact = db.transact.bind(db);
  Object.assign(db, {
    sql: counted(sql, () => counts.outside++),
    transact: <T>(work: (tx: Sql) => Promise<T>, options?: { deadlineMs: number | null }) =>
      transact((tx) => {
        const index = counts.transactions.push(0) - 1;
        return work(counted(tx, () => counts.transactions[index]!++));
      }, options),
  });
  return async (work: () => Promise<unknown>) => {
    Object.assign(counts, { transactions: [], outside: 0 });
    await work();
    return { ...counts };
  };
}

for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`the statements of a send (${kind})`, () => {
    let data: TestData;
    let opened: OpenApp;
    let count: ReturnType<typeof countStatements>;
    const alice = {
      id: "01a00000-0000-7000-8000-000000000001" as AccountId,
      username: "alice",
      sessionId: null,
    };
    const bob = { id: "01a00000-0000-7000-8000-000000000002" as AccountId, username: "bob", sessionId: null };

    const send = (text: string, more: Partial<SendFields> = {}) =>
      sendMessage(opened.app, alice, {
        room: generalRoomId,
        sendId: crypto.randomUUID() as SendId,
        body: { kind: "text", text },
        ...more,
      });
    const poll = (closesAt: number | null) =>
      send("", {
        body: {
          kind: "poll",
          question: "Where?",
          choices: ["here", "there"],
          isMultiple: false,
          isAnonymous: false,
          closesAt,
        },
      });

    /**
     * Asserts what one send costs: the statements of these steps in one transaction, or one statement without any, and no more
     * than the steps declare.
     */
    const expectStatements = async (
      work: () => Promise<unknown>,
      steps: [SendStep | SharedStep, number][],
    ) => {
      const { transactions, outside } = await count(work);
      const expected = steps.reduce((sum, [, statements]) => sum + statements, fixed);
      expect({ transactions, outside }).toEqual(
        steps.length === 0 ? { transactions: [], outside: fixed } : { transactions: [expected], outside: 0 },
      );
      for (const [{ name, statementsMax: max }, statements] of steps)
        expect(statements, name).toBeLessThanOrEqual(typeof max === "number" ? max : max.fixed + max.perRoom);
    };

    beforeAll(async () => {
      data = await createTestData(kind);
      opened = await openApp(
        parseConfig(data.env, { folder: data.env.DATA_DIR!, configJson: null }),
        silentLog,
      );
      const { db } = opened.app;
      for (const { id, username } of [alice, bob]) {
        await db.sql`insert into accounts (id, username, username_key, email, server_role, created_at)
          values (${id}, ${username}, ${username}, ${`${username}@example.org`}, 'member', 0)`;
        await db.sql`insert into memberships (room_id, account_id, joined_at) values ('general', ${id}, 0)`;
      }
      count = countStatements(db);
    });
    afterAll(async () => {
      await opened.close();
      await data.remove();
    });

    test("a plain message is one statement, and no transaction around it", () =>
      expectStatements(() => send("hello"), []));

    test("a mention is one more; in a thread the mentioned person also follows it", async () => {
      const { seq } = await send("a thread");
      await expectStatements(() => send("hello @bob"), [[mentionStep, 1]]);
      await expectStatements(
        () => send("hello @bob", { threadRoot: seq }),
        [
          [replyStep, 4],
          [mentionStep, 2],
        ],
      );
    });

    test("a reply in a thread counts, makes two people follow, and asks who follows", async () => {
      const { seq } = await send("a thread");
      await expectStatements(() => send("a reply", { threadRoot: seq }), [[replyStep, 4]]);
      await expectStatements(() => send("a quote", { replyTo: seq }), [[quoteStep, 1]]);
    });

    test("a poll is a message; one that closes by itself is a job too", async () => {
      await expectStatements(() => poll(null), []);
      await expectStatements(() => poll(Date.now() + 3_600_000), [[pollClosingStep, 1]]);
    });

    test("where somebody wants notifications, a message notes its room and queues a job, and the next one only looks", async () => {
      const { db, pushSubscribers } = opened.app;
      const session = crypto.randomUUID();
      await db.sql`insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
        values (${session}, ${bob.id}, ${new Uint8Array(32)}, 0, 0, '', '')`;
      await db.sql`insert into push_subscriptions (session_id, account_id, endpoint_mac, sealed, content, created_at)
        values (${session}, ${bob.id}, ${new Uint8Array(1)}, ${new Uint8Array(1)}, 'full', 0)`;
      await pushSubscribers.list.reread();
      const step = pushStep(pushSubscribers);
      await expectStatements(() => send("the first"), [[step, 2]]);
      await expectStatements(() => send("the second"), [[step, 1]]);
      await db.sql`delete from push_subscriptions`;
      await pushSubscribers.list.reread();
      await expectStatements(() => send("nobody wants to know"), []);
    });

    test("messages that queue together cost what one costs", async () => {
      const { seq } = await send("a thread");
      const { transactions, outside } = await count(() =>
        Promise.all([
          send("on its way, while the others queue"),
          ...Array.from({ length: 50 }, (_, index) =>
            send(`${index} for @bob`, { threadRoot: seq, replyTo: seq }),
          ),
        ]),
      );
      expect({ transactions, outside }).toEqual({
        transactions: [fixed + quoteStep.statementsMax + replyStep.statementsMax + mentionStep.statementsMax],
        outside: fixed,
      });
    });
  });
}
