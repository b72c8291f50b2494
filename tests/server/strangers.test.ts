// What somebody can do to people who don't know them, and to those who blocked them.
import { expect, test } from "bun:test";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { requestsReceivedMax, requestsSentMax, roomsAddedByOneMax } from "@novax/protocol/limits";
import { join, type Person } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", env: { MESSAGES_PER_SECOND: "100000" } } as const;

describeServer("people who don't know each other", options, ({ server, sql, alice, bob, carol }) => {
  const idsOf = (people: readonly Person[]) => Promise.all(people.map((person) => person.id()));
  const openDirect = async (by: Person, people: readonly Person[]) =>
    (await by.run("direct.open", { people: await idsOf(people) })).room.id;
  /** Accounts that only the database knows, to seat people with. */
  const makeAccounts = async (prefix: string, count: number): Promise<AccountId[]> => {
    const rows = await sql`
      insert into accounts (id, username, username_key, email, server_role, created_at)
      select gen_random_uuid(), ${prefix} || i, ${prefix} || i, '', 'member', 0 from generate_series(1, ${count}) i
      returning id`;
    return rows.map(({ id }: { id: AccountId }) => id);
  };

  test("[H3] a stranger's conversation is a request until it is accepted; then the next one isn't", async () => {
    const room = await openDirect(bob, [carol]);
    await bob.say(room, "hello carol");
    expect(await bob.room(room)).toMatchObject({ isRequest: false });
    expect(await carol.room(room)).toMatchObject({ isRequest: true, unread: 1 });
    // Nobody but carol can accept it.
    await bob.run("room.set_preferences", { room, isRequest: false });
    expect(await carol.room(room)).toMatchObject({ isRequest: true });
    await carol.run("room.set_preferences", { room, isRequest: false });
    expect(await carol.room(room)).toMatchObject({ isRequest: false });
    const { room: next } = await bob.run("room.create", {
      kind: "private",
      name: "Next",
      people: [await carol.id()],
    });
    expect(await carol.room(next.id)).toMatchObject({ isRequest: false });
  });

  test("[H3] rooms and members are alike, and an owner or somebody who was let in is no stranger", async () => {
    const [dave, erin] = [await join(server, "dave"), await join(server, "erin")];
    const id = await dave.id();
    const { room } = await bob.run("room.create", { kind: "private", name: "Created", people: [id] });
    expect(await dave.room(room.id)).toMatchObject({ isRequest: true });
    const { room: empty } = await bob.run("room.create", { kind: "private", name: "Added" });
    await bob.run("member.add", { room: empty.id, people: [id] });
    expect(await dave.room(empty.id)).toMatchObject({ isRequest: true });
    const byOwner = await openDirect(alice, [dave]);
    expect(await dave.room(byOwner)).toMatchObject({ isRequest: false });
    await sql`update accounts set invited_by = ${await alice.id()} where id = ${await erin.id()}`;
    const byInvited = await openDirect(erin, [dave]);
    expect(await dave.room(byInvited)).toMatchObject({ isRequest: false });
    // A room that somebody came into by themselves is shared by choice.
    const { room: open } = await bob.run("room.create", { kind: "public", name: "Open" });
    await dave.run("room.join", { room: open.id });
    const among = await openDirect(bob, [dave]);
    expect(await dave.room(among)).toMatchObject({ isRequest: false });
  });

  test("[H3] nobody sends more than a few requests, nobody gets more than they can look through, and nobody fills another's list", async () => {
    const spammer = await join(server, "spammer");
    const victims = await makeAccounts("victim", requestsSentMax + 1);
    for (const victim of victims.slice(0, -1)) await spammer.run("direct.open", { people: [victim] });
    expect(await spammer.refusedWith("direct.open", { people: [victims.at(-1)!] })).toBe("too_many");
    // In a room they are left out like all who cannot be added.
    const { room } = await spammer.run("room.create", {
      kind: "private",
      name: "Spam",
      people: [victims.at(-1)!],
    });
    expect(room.memberCount).toBe(1);
    expect(await spammer.refusedWith("member.add", { room: room.id, people: [victims.at(-1)!] })).toBe(
      "not_found",
    );

    const target = await join(server, "target");
    const id = await target.id();
    const seatIn = async (name: string, count: number, by: AccountId, isRequest: boolean) => {
      await sql`insert into rooms (id, kind, name, created_at) select ${name} || i, 'private', '', 0 from generate_series(1, ${count}) i`;
      await sql`
        insert into memberships (room_id, account_id, joined_at, added_by, is_request)
        select ${name} || i, ${id}, 0, ${by}, ${isRequest} from generate_series(1, ${count}) i`;
    };
    await seatIn("request-", requestsReceivedMax, victims[0]!, true);
    expect(await carol.refusedWith("direct.open", { people: [id] })).toBe("too_many");
    // Those who are known still come through, and what is ignored makes room.
    await openDirect(alice, [target]);
    for (const { id: asked, isRequest } of await target.rooms())
      if (isRequest) await target.run("room.set_preferences", { room: asked, isHidden: true });
    const room2 = await openDirect(carol, [target]);
    await target.run("room.set_preferences", { room: room2, isRequest: false });

    await seatIn("added-", roomsAddedByOneMax, await carol.id(), false);
    expect(await carol.refusedWith("direct.open", { people: [id, await bob.id()] })).toBe("too_many");
  }, 30_000);

  test("[H3] a group can be left; who left gets nothing more, and is not brought back by the same people's next message", async () => {
    const group = await openDirect(alice, [bob, carol]);
    await alice.say(group, "together");
    await bob.run("room.leave", { room: group });
    expect((await bob.rooms()).some(({ id }) => id === group)).toBe(false);
    await alice.say(group, "without bob");
    expect(
      (
        await bob.command("message.send", {
          room: group,
          sendId: crypto.randomUUID() as never,
          body: { kind: "text", text: "x" },
        })
      ).status,
    ).toBe(404);
    expect((await alice.room(group)).people.map(({ username }) => username)).toEqual(["carol"]);
    // The same three again is another room.
    expect(await openDirect(alice, [bob, carol])).not.toBe(group);
    const two = await openDirect(alice, [bob]);
    expect(await bob.refusedWith("room.leave", { room: two })).toBe("forbidden");
  });

  test("[H3] a conversation can be hidden until there is a newer message", async () => {
    const room = await openDirect(alice, [bob]);
    await alice.say(room, "old");
    await bob.run("room.set_preferences", { room, isHidden: true });
    const hidden = await bob.room(room);
    expect(hidden.hiddenAt).toBeGreaterThanOrEqual(hidden.lastAt);
    await Bun.sleep(5);
    await alice.say(room, "new");
    const shown = await bob.room(room);
    expect(shown.lastAt).toBeGreaterThan(shown.hiddenAt!);
  });
});

describeServer("somebody who was blocked", options, ({ alice, bob, carol }) => {
  const block = async () => alice.run("person.block", { person: await bob.id() });

  test("[A32] does not meet who blocked them in a group that a third person opens", async () => {
    await block();
    const people = [await alice.id(), await bob.id()];
    expect(await carol.refusedWith("direct.open", { people })).toBe("blocked");
    await alice.run("person.unblock", { person: await bob.id() });
    await carol.run("direct.open", { people });
  });

  test("[A32] sees neither presence nor status, typing nor read receipts of theirs, from the moment of the block", async () => {
    const { room } = await carol.run("room.create", {
      kind: "private",
      name: "Three",
      people: [await alice.id(), await bob.id()],
    });
    const general = "general" as RoomId;
    const aliceSocket = await alice.enter();
    const bobSocket = await bob.enter();
    const carolSocket = await carol.enter();
    const sees = (socket: typeof bobSocket, username: string, from = 0) =>
      socket.frames
        .slice(from)
        .some(
          (frame) => frame.type === "presence" && frame.joined.some((person) => person.username === username),
        );
    await bobSocket.until(() => sees(bobSocket, "alice"));
    await block();
    const isGone = () => {
      const last = bobSocket.frames.findLast((frame) => frame.type === "presence" && frame.full);
      return last?.type === "presence" && !last.joined.some(({ username }) => username === "alice");
    };
    await bobSocket.until(isGone, 10_000);
    const from = bobSocket.frames.length;
    await alice.run("status.set", { emoji: "🌴", text: "away from bob", until: null });
    await aliceSocket.command({ type: "typing.start", room: general });
    await carolSocket.until(() => carolSocket.texts.join().includes("away from bob"));
    await carolSocket.next((frame) => frame.type === "typing" && frame.person.username === "alice");
    await bobSocket.command({ type: "ping" });
    expect(sees(bobSocket, "alice", from)).toBe(false);
    expect(bobSocket.texts.join()).not.toContain("away from bob");
    expect(bobSocket.frames.some((frame) => frame.type === "typing")).toBe(false);
    expect(await bob.read(`/api/people/${await alice.id()}`)).toMatchObject({
      state: null,
      status: { text: "" },
    });
    expect(await carol.read(`/api/people/${await alice.id()}`)).toMatchObject({
      status: { text: "away from bob" },
    });

    const seq = await carol.say(room.id, "who has read this?");
    await alice.run("room.mark_read", { room: room.id, seq });
    const readersFor = async (person: Person) =>
      (
        await person.read<{ readers: { username: string }[] }>(
          `/api/rooms/${room.id}/messages/${seq}/readers`,
        )
      ).readers.map(({ username }) => username);
    expect(await readersFor(bob)).not.toContain("alice");
    expect(await readersFor(carol)).toContain("alice");

    // A new connection of theirs is the same, and after the block everything comes again.
    const again = await bob.enter();
    await again.next((frame) => frame.type === "presence");
    expect(sees(again, "alice")).toBe(false);
    await alice.run("person.unblock", { person: await bob.id() });
    await again.until(() => sees(again, "alice"), 10_000);
    for (const socket of [aliceSocket, bobSocket, carolSocket, again]) socket.close();
  }, 30_000);
});
