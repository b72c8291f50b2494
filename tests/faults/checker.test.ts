// The checker finds what it is there for: novaX is broken on purpose, in one place each. The slower ones are in
// planted.slow.ts (npm run faults:planted).
import { describe, expect, test } from "bun:test";
import { isAvailable } from "../support/server.ts";
import { isPresent } from "../support/services.ts";
import type { CheckName } from "./history.ts";
import { findPlanted } from "./planted-trial.ts";

describe.skipIf(!isAvailable("postgres") || !isPresent("redis"))("the checker of the fault suite", () => {
  test("finds messages that are published before their commit", async () => {
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
    const found = await findPlanted(
      ["acknowledged is stored", "reads see what was acknowledged"],
      [planted],
      {},
      async ({ cluster }) => {
        const [node] = cluster.nodes;
        for (let kill = 0; kill < 2; kill++) {
          await node!.server.kill();
          await cluster.restart(node!);
          await Bun.sleep(500);
        }
      },
    );
    // Which one depends on who is faster: those who read, or the kill.
    const expected: CheckName[] = ["acknowledged is stored", "reads see what was acknowledged"];
    expect(found.filter((name) => expected.includes(name))).not.toEqual([]);
  }, 300_000);

  test("finds messages that are stored again when they are sent again", async () => {
    const found = await findPlanted(["no sendId twice"], [], {}, async ({ cluster }) => {
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
  }, 300_000);
});
