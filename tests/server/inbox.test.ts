// The inbox: what concerns a person, in one list.
import { describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { RoomId } from "@novax/protocol/ids";
import type { InboxItem, ReadResult } from "@novax/protocol/reads";
import type { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "10000" };
type Inbox = ReadResult<"me.inbox">;

describeServer(
  "the inbox",
  { env, people: ["alice", "bob", "carol", "dave"] },
  ({ alice, bob, carol, dave }) => {
    const read = (person: Person, query = "") => person.read<Inbox>(`/api/me/inbox${query}`);
    const itemsOf = async (person: Person, query = "") => (await read(person, query)).items;
    const ofKind = async <K extends InboxItem["kind"]>(person: Person, kind: K) =>
      (await itemsOf(person, `?kind=${kind}`)) as Extract<InboxItem, { kind: K }>[];
    const react = (person: Person, seq: number, emoji: string, room: RoomId = general) =>
      person.run("reaction.add", { room, seq, emoji });
    const wordsOf = (items: readonly InboxItem[]) =>
      items.map(
        (item) => `${item.kind}${"excerpt" in item ? ` ${item.excerpt}` : ""}${item.isNew ? " new" : ""}`,
      );

    test("has mentions, replies, reactions, due reminders and rooms one was added to, newest first, once", async () => {
      const mine = await bob.say(general, "bob's own");
      await alice.say(general, "for @bob");
      await alice.say(general, "an answer", { threadRoot: mine });
      await alice.say(general, "an answer for @bob", { threadRoot: mine });
      await react(alice, mine, "👍");
      await react(bob, mine, "🎉");
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Attic",
        people: [await bob.id()],
      });
      await bob.run("reminder.set", { room: general, seq: mine, note: "turn it", at: Date.now() + 3000 });
      expect(await waitUntil(async () => (await ofKind(bob, "reminder")).length === 1, 10_000)).toBe(true);
      expect(wordsOf(await itemsOf(bob))).toEqual([
        "reminder bob's own new",
        "invitation new",
        "reaction bob's own new",
        "mention an answer for @bob new",
        "reply an answer new",
        "mention for @bob new",
      ]);
      const [invitation] = await ofKind(bob, "invitation");
      expect(invitation).toMatchObject({ room: room.id, person: { username: "alice" }, isRequest: false });
      const [reaction] = await ofKind(bob, "reaction");
      expect(reaction).toMatchObject({
        seq: mine,
        emoji: "👍",
        person: { username: "alice" },
        sender: { username: "bob" },
      });
      await alice.say(general, "one more answer", { threadRoot: mine });
      expect(wordsOf(await ofKind(bob, "reply"))).toEqual(["reply one more answer new"]);
      for (const kind of ["mention", "reply", "reaction", "reminder", "invitation"] as const)
        for (const item of await itemsOf(bob, `?kind=${kind}`)) expect(item.kind).toBe(kind);
      // One's own words and reactions are no news.
      expect(wordsOf(await ofKind(alice, "reaction"))).toEqual([]);
    }, 30_000);

    test("is read on every device at once: by reading the room and the thread, and by seeing the list", async () => {
      const socket = await bob.connect();
      const newOnes = async () => (await itemsOf(bob)).filter((item) => item.isNew).map(({ kind }) => kind);
      const { headSeq } = await bob.read<{ headSeq: number }>(`/api/rooms/${general}/timeline`);
      await bob.run("room.mark_read", { room: general, seq: headSeq });
      expect(await newOnes()).toEqual(["reply", "reminder", "invitation", "reaction", "mention"]);
      const [reply] = await ofKind(bob, "reply");
      await bob.run("thread.mark_read", { room: general, seq: reply!.threadRoot!, upTo: headSeq });
      expect(await newOnes()).toEqual(["reminder", "invitation", "reaction"]);
      expect(await bob.read("/api/me")).toMatchObject({ newInvitations: 1, dueReminders: 1 });
      const [{ at }] = (await ofKind(bob, "invitation")) as [InboxItem];
      await bob.run("inbox.mark_seen", { at });
      await socket.next((frame) => frame.type === "me.changed" && frame.part === "inbox");
      expect(await newOnes()).toEqual(["reminder"]);
      expect(await bob.read("/api/me")).toMatchObject({ newInvitations: 0 });
      // The mark does not go back, and not ahead of the clock.
      await bob.run("inbox.mark_seen", { at: 1 });
      await bob.run("inbox.mark_seen", { at: Date.now() + 86_400_000 });
      await react(carol, (await ofKind(bob, "reaction"))[0]!.seq, "🚀");
      await socket.next((frame) => frame.type === "me.changed" && frame.part === "inbox");
      expect(await newOnes()).toEqual(["reaction", "reminder"]);
      const [reminder] = await ofKind(bob, "reminder");
      await bob.run("reminder.clear", { reminder: reminder!.id });
      expect(await newOnes()).toEqual(["reaction"]);
      socket.close();
    }, 30_000);

    test("what was taken back or deleted is gone from it, and so are reactions, replies and invitations of somebody blocked", async () => {
      const mine = await dave.say(general, "dave's own");
      await react(carol, mine, "👀");
      await react(alice, mine, "👍");
      await carol.say(general, "carol for @dave");
      await carol.say(general, "carol answers", { threadRoot: mine });
      expect((await itemsOf(dave)).length).toBe(4);
      await alice.run("reaction.remove", { room: general, seq: mine, emoji: "👍" });
      expect(wordsOf(await ofKind(dave, "reaction"))).toEqual(["reaction dave's own new"]);
      await dave.run("person.block", { person: await carol.id() });
      expect((await itemsOf(dave)).filter(({ kind }) => kind !== "mention")).toEqual([]);
      await dave.run("person.unblock", { person: await carol.id() });
      await dave.run("message.delete", { room: general, seq: mine });
      expect(await ofKind(dave, "reaction")).toEqual([]);
    }, 30_000);

    test("[Z01] [Z07] nothing of a room that one is not in, nor of others' inboxes", async () => {
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Loft",
        people: [await carol.id()],
      });
      const seq = await carol.say(room.id, "carol in the loft");
      await react(alice, seq, "👍", room.id);
      await alice.say(room.id, "for @carol");
      await alice.say(room.id, "an answer", { threadRoot: seq });
      expect((await itemsOf(carol)).filter((item) => item.room === room.id)).toHaveLength(4);
      for (const other of [bob, dave])
        expect((await itemsOf(other)).filter((item) => item.room === room.id)).toEqual([]);
      await alice.run("member.remove", { room: room.id, person: await carol.id() });
      expect((await itemsOf(carol)).filter((item) => item.room === room.id)).toEqual([]);
    }, 30_000);

    test("pages follow each other without a gap and without one item twice, whatever it is made of", async () => {
      const mine = await dave.say(general, "counted");
      for (let round = 0; round < 12; round++) {
        await alice.say(general, `@dave ${round}`);
        await bob.say(general, `answer ${round}`, { threadRoot: mine });
        const other = await dave.say(general, `own ${round}`);
        await react(carol, other, "👍");
        await react(alice, other, "🎉");
      }
      const all = await itemsOf(dave, "?limit=200");
      expect(all.length).toBeGreaterThan(36);
      const paged: InboxItem[] = [];
      let after: string | null = "";
      while (after !== null) {
        const page: Inbox = await read(dave, `?limit=7${after === "" ? "" : `&after=${after}`}`);
        expect(page.items.length).toBeLessThanOrEqual(7);
        paged.push(...page.items);
        after = page.next;
      }
      expect(paged).toEqual(all);
      expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).toSorted((a, b) => b - a));
    }, 60_000);
  },
);

describe("a hostile reader of the inbox", () => {
  describeServer("gets", { env, only: "embedded" }, ({ alice }) => {
    test("a refusal for kinds, cursors and marks that are none", async () => {
      for (const query of ["?kind=x", "?after=x", "?limit=0", "?limit=1000", "?kind=mention&kind=reply"])
        expect((await alice.fetch(`/api/me/inbox${query}`)).status, query).toBe(400);
      for (const at of [-1, 1.5, "1", Number.MAX_VALUE])
        expect((await alice.post("/api/commands/inbox.mark_seen", { at })).status).toBe(400);
    });
  });
});
