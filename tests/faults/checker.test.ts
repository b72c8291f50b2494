// The checker finds what it is there for: novaX is broken on purpose, in one place each.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isAvailable } from "../support/server.ts";
import { isPresent } from "../support/services.ts";
import { type CheckName, checkNames } from "./history.ts";
import type { Planted } from "./plant.ts";
import { type Context, countViolations, runTrial, type TrialShape } from "./trial.ts";

const launch = { preload: join(import.meta.dir, "plant.ts") };

/** Runs a broken novaX. Returns the checks that found something. */
async function findWith(
  planted: Planted[],
  shape: Partial<TrialShape>,
  fault: (context: Context) => Promise<void>,
): Promise<CheckName[]> {
  const env = { NOVAX_PLANTED_FAULTS: JSON.stringify(planted) };
  const report = await runTrial(
    { database: "postgres", nodes: 1, clients: 6, rooms: 2, seed: 1, env, launch: () => launch, ...shape },
    fault,
  );
  const counts = countViolations(report);
  return checkNames.filter((name) => counts[name]! > 0);
}

describe.skipIf(!isAvailable("postgres") || !isPresent("redis"))("the checker of the fault suite", () => {
  test.concurrent("finds messages that are published before their commit", async () => {
    const planted = {
      file: "messages/message-writer.ts",
      from: "const outcomes = await insert(db.sql);",
      to: `const outcomes = await transact(this.#app, async ({ sql }) => {
        const outcomes = await insert(sql);
        for (const written of toWritten(batch, outcomes)) bus.publish(toBusMessage(written));
        await Bun.sleep(30);
        return outcomes;
      });`,
    };
    const found = await findWith([planted], {}, async ({ cluster }) => {
      const [node] = cluster.nodes;
      for (let kill = 0; kill < 2; kill++) {
        await node!.server.kill();
        await cluster.restart(node!);
        await Bun.sleep(500);
      }
    });
    // Which one depends on who is faster: those who read, or the kill.
    const expected: CheckName[] = ["acknowledged is stored", "reads see what was acknowledged"];
    expect(found.filter((name) => expected.includes(name))).not.toEqual([]);
  }, 60_000);

  test.concurrent("finds events that a node never repairs after the bus has lost them", async () => {
    const planted = {
      file: "realtime/room-feed.ts",
      from: "return headSeq > this.#last ? this.#catchUp() : undefined;",
      to: "return undefined;",
    };
    const found = await findWith([planted], { nodes: 2 }, async ({ cluster }) => {
      cluster.nodes[0]!.redis!.cut();
      await Bun.sleep(1000);
    });
    expect(found).toContain("what is shown is what is stored");
  }, 60_000);

  test.concurrent("finds messages that are stored again when they are sent again", async () => {
    const found = await findWith([], {}, async ({ cluster }) => {
      const { sql, nodes } = cluster;
      const [row] = await sql`select pg_get_functiondef('send_messages'::regproc) as text`;
      const { text } = row as { text: string };
      const broken = text
        .replace("and m.send_id = one.send_id", "and false")
        .replace("m.send_id = d.send_id limit 1", "false limit 1");
      expect(broken.length).toBeLessThan(text.length - 30);
      await sql`alter table messages drop constraint messages_room_id_sender_id_send_id_key`;
      await sql`create index on messages (room_id, sender_id, send_id)`;
      await sql.unsafe(broken);
      nodes[0]!.front.holdAnswers();
      await Bun.sleep(300);
      nodes[0]!.front.reset();
    });
    expect(found).toContain("no sendId twice");
  }, 60_000);

  test.concurrent("finds what happens although it was refused, because its caller had given up", async () => {
    const planted = {
      file: "db/database.ts",
      from: "if (isGivenUp || hasCallerGone())",
      to: "if (false)",
    };
    const habits = { send: 0.1, read: 0, edit: 0.9, react: 0, delete: 0, own: 1 };
    // In many rooms, so that many transactions have begun when the connections fall silent.
    const shape = { habits, clients: 12, rooms: 8 };
    const found = await findWith([planted], shape, async ({ cluster }) => {
      const [node] = cluster.nodes;
      node!.database!.silence();
      await Bun.sleep(13_000);
      node!.database!.heal();
      await Bun.sleep(2000);
    });
    expect(found).toContain("nothing is undone");
  }, 90_000);
});
