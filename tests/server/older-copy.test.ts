import { expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { SQL } from "bun";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

type Page = { epoch: string; headSeq: number; headAt: number; entries: { body?: { text?: string } }[] };

describeServer(
  "a database that goes back to an older copy",
  { people: ["alice", "bob"], only: "postgres" },
  ({ alice, bob, data }) => {
    const readPage = (room: RoomId) => bob.read<Page>(`/api/rooms/${room}/timeline`);
    const textsOf = ({ entries }: Page) => entries.flatMap(({ body }) => body?.text ?? []);

    /** Leaves out what happened after `seq`, as a restored dump or a replica that was behind does. */
    const goBack = async (room: RoomId, seq: number) => {
      const sql = new SQL(data.url!, { max: 1 });
      await sql.begin(async (tx) => {
        await tx`delete from mentions where room_id = ${room} and seq > ${seq}`;
        await tx`delete from messages where room_id = ${room} and seq > ${seq}`;
        await tx`delete from room_events where room_id = ${room} and seq > ${seq}`;
        await tx`update rooms set head_seq = ${seq} where id = ${room}`;
      });
      await sql.close();
    };
    const make = async (name: string) => {
      const people = [await bob.id()];
      const { room } = await alice.run("room.create", { kind: "private", name, people });
      return room.id;
    };

    test("[N4] is noticed by who comes back, also when the room has gone on since: everything is loaded again", async () => {
      const room = await make("Restored");
      await alice.say(room, "kept");
      const before = await readPage(room);
      await alice.say(room, "lost");
      const { epoch, headSeq: afterSeq, headAt: at } = await readPage(room);
      await goBack(room, before.headSeq);
      for (const text of ["written since", "and more"]) await alice.say(room, text);
      const socket = await bob.connect();
      const positions = [{ room, afterSeq, at }];
      expect(await socket.command({ type: "rooms.attach", epoch, positions })).toMatchObject({ ok: true });
      expect(socket.frames).toContainEqual({ type: "resync", room, epoch, headSeq: afterSeq + 1 });
      expect(socket.messageTexts).toEqual([]);
      await alice.say(room, "from now on");
      await socket.until(() => socket.messageTexts.includes("from now on"));
      socket.close();
      // A position in this log still gets what follows it.
      const page = await readPage(room);
      expect(textsOf(page)).toEqual(["kept", "written since", "and more", "from now on"]);
      const again = await bob.connect();
      await alice.say(room, "the last");
      await again.command({
        type: "room.attach",
        room,
        epoch,
        afterSeq: page.headSeq,
        at: page.headAt,
      });
      await again.until(() => again.messageTexts.includes("the last"));
      expect(again.frames.some((frame) => frame.type === "resync")).toBe(false);
      again.close();
    }, 20_000);

    for (const grows of [false, true]) {
      test(`[N4] is noticed under an open connection${grows ? ", also when the room has gone on since" : ""}`, async () => {
        const room = await make(`Under way ${grows}`);
        await alice.say(room, "kept");
        const { epoch, headSeq } = await readPage(room);
        const socket = await bob.connect();
        await socket.command({ type: "rooms.attach", epoch, positions: [] });
        await alice.say(room, "lost");
        await socket.until(() => socket.messageTexts.includes("lost"));
        await goBack(room, headSeq);
        if (grows) for (const text of ["written since", "and more"]) await alice.say(room, text);
        const isTold = await waitUntil(
          () => socket.frames.some((frame) => frame.type === "resync" && frame.room === room),
          10_000,
        );
        expect(isTold).toBe(true);
        await alice.say(room, "from now on");
        await socket.until(() => socket.messageTexts.includes("from now on"));
        socket.close();
      }, 30_000);
    }
  },
);
