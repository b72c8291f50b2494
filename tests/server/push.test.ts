import { afterAll, describe, expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { PushContent } from "@novax/protocol/push";
import { encryptPush, pushTextBytesMax } from "../../server/src/push/encrypt-push.ts";
import { problemOf } from "../support/person.ts";
import { startPushService, subscribe, type TestDevice } from "../support/push-service.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const service = startPushService();
afterAll(() => service.stop());

const env = { PUSH_SERVICES: service.origin, MESSAGES_PER_SECOND: "1000" };

/** What a device showed, after there are `count` notifications. */
async function shown(
  device: TestDevice,
  count = 1,
): Promise<{ title: string; body: string; navigate: string }[]> {
  await waitUntil(() => device.received.length >= count, 15_000);
  return device.received.map(({ message }) => message.notification);
}

describeServer("notifications from the embedded database", { env, only: "embedded" }, ({ alice, bob }) => {
  test("a message arrives once, in words, where it is to", async () => {
    const device = await subscribe(bob, service);
    const seq = await alice.say(general, "for @bob");
    const path = `/chat/${general}/${seq}`;
    expect(await shown(device)).toMatchObject([{ title: "alice in General", body: "for @bob" }]);
    expect(device.received[0]!.message.notification.navigate).toEndWith(path);
    await Bun.sleep(3000);
    expect(device.received).toHaveLength(1);
  }, 30_000);
});

describeServer(
  "notifications of a server that lets them say less",
  { env: { ...env, PUSH_CONTENT: "sender" }, only: "postgres" },
  ({ alice, bob, carol }) => {
    test("they say no more than that, whatever people choose, and less for those who want less", async () => {
      const devices = [
        await subscribe(bob, service, "full"),
        await subscribe(carol, service, "nothing"),
      ] as const;
      expect(await bob.read("/api/me/push")).toMatchObject({ contentMax: "sender" });
      await alice.say(general, "@bob @carol the secret lathe");
      expect(await shown(devices[0])).toMatchObject([{ title: "alice in General", body: "Mentioned you" }]);
      expect(await shown(devices[1])).toMatchObject([{ title: "novaX", body: "You have a new message." }]);
    }, 30_000);
  },
);

describeServer(
  "notifications on a device",
  { env, only: "postgres" },
  ({ server, sql, alice, bob, carol }) => {
    /** Waits until everything that was to be notified of has been, so that nothing more comes. */
    const untilItWouldHaveCome = () =>
      waitUntil(async () => {
        const left = await sql`
          select 1 from jobs
          where kind like 'push.%' and failed_at is null
            -- One that runs is put off until its lease ends; one that a service asked to wait with has not run yet.
            and (run_at < ${Date.now() + 60_000} or attempts > 0)
          union all select 1 from push_pending`;
        return left.length === 0;
      }, 20_000);

    /** Hours around now, or all others. */
    const hours = (isNow: boolean) => {
      const now = new Date();
      const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
      const [from, to] = [(minute + 1440 - 60) % 1440, (minute + 60) % 1440];
      return isNow ? { from, to, zone: "UTC" } : { from: to, to: from, zone: "UTC" };
    };

    const subscription = (person: typeof alice) =>
      person.read<{
        publicKey: string;
        contentMax: PushContent;
        device: { endpoint: string; content: PushContent } | null;
      }>("/api/me/push");

    test("a device gets what calls its person: who, where, the words, and the way to the message", async () => {
      expect((await subscription(bob)).device).toBeNull();
      const device = await subscribe(bob, service);
      expect((await subscription(bob)).device).toEqual({ endpoint: device.fields.endpoint, content: "full" });
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Workshop",
        people: [await bob.id()],
      });
      await alice.say(room.id, "nobody is called here");
      const seq = await alice.say(room.id, "the lathe is back, @bob");
      expect(await shown(device)).toMatchObject([
        {
          title: "alice in Workshop",
          body: "the lathe is back, @bob",
          navigate: `${server.origin}/chat/${room.id}/${seq}`,
          tag: room.id,
          lang: "en",
        },
      ]);
      const [{ headers }] = device.received as [(typeof device.received)[0]];
      expect([headers.get("urgency"), headers.get("ttl")]).toEqual(["high", "86400"]);
      // The room can't be told from the topic.
      expect(headers.get("topic")).toMatch(/^[\w-]{32}$/);
      expect(headers.get("topic")).not.toContain(room.id.slice(0, 8));
    }, 30_000);

    test("each session chooses what a notification says, and gets every message of a conversation of two", async () => {
      const other = await bob.inAnotherBrowser();
      const [words, sender, nothing] = [
        await subscribe(bob, service, "full"),
        await subscribe(other, service, "sender"),
        await subscribe(await bob.inAnotherBrowser(), service, "nothing"),
      ];
      const { room } = await alice.run("direct.open", { people: [await bob.id()] });
      await bob.run("room.set_preferences", { room: room.id, isRequest: false }).catch(() => {});
      await alice.say(room.id, "only for you");
      expect(await shown(words)).toMatchObject([{ title: "alice", body: "only for you" }]);
      expect(await shown(sender)).toMatchObject([{ title: "alice", body: "New message" }]);
      expect(await shown(nothing)).toMatchObject([{ title: "novaX", body: "You have a new message." }]);
      // Signing out ends it.
      await other.post("/logout", {});
      await alice.say(room.id, "one more");
      await shown(words, 2);
      await untilItWouldHaveCome();
      expect(sender.received).toHaveLength(1);
    }, 60_000);

    test("many messages at once are one notification, of the newest that mentions the person", async () => {
      const device = await subscribe(carol, service);
      await carol.run("room.set_preferences", { room: general, notify: "all" });
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          alice.say(general, index === 10 ? "@carol look" : `number ${index}`),
        ),
      );
      expect(await shown(device)).toMatchObject([{ title: "alice in General", body: "@carol look" }]);
      await untilItWouldHaveCome();
      expect(device.received).toHaveLength(1);
    }, 60_000);

    test("where messages never stop for seconds, the last one is not lost", async () => {
      const device = await subscribe(carol, service);
      const until = Date.now() + 5000;
      const write = async (by: typeof alice) => {
        for (let count = 0; Date.now() < until; count++) await by.say(general, `${by.username} ${count}`);
      };
      await Promise.all([write(alice), write(bob)]);
      await alice.say(general, "the last one");
      expect(
        await waitUntil(() => device.received.at(-1)?.message.notification.body === "the last one", 15_000),
      ).toBe(true);
      expect(device.received.length).toBeLessThan(8);
      await carol.run("room.set_preferences", { room: general, notify: "mentions" });
    }, 60_000);

    test("the level of a room, muting, do not disturb, blocking and reading decide as they do on the page", async () => {
      const devices = { bob: await subscribe(bob, service), carol: await subscribe(carol, service) };
      const expected: string[] = [];
      let count = 0;
      /** Makes a room in which bob has these preferences; alice writes there, and bob hears of it or not. */
      const inRoom = async (preferences: object, text: string, outcome: "loud" | "quiet", by = alice) => {
        const people = [await bob.id(), await carol.id()];
        const { room } = await alice.run("room.create", { kind: "private", name: `Room ${++count}`, people });
        await bob.run("room.set_preferences", { room: room.id, ...preferences });
        if (outcome === "loud") expected.push(text);
        return { room: room.id, seq: await by.say(room.id, text) };
      };
      await carol.run("dnd.set", { until: Date.now() + 60_000 });
      await inRoom({}, "mentions alone by default", "quiet");
      await inRoom({ notify: "all" }, "everything", "loud");
      await inRoom({ notify: "all", isMuted: true }, "muted", "quiet");
      await inRoom({ isMuted: true }, "muted, but called, @bob", "loud");
      await inRoom({ notify: "nothing" }, "not at all, @bob", "quiet");
      await inRoom({}, "to both, of whom one has do not disturb: @bob @carol", "loud");
      const read = await inRoom({}, "read at once, @bob", "quiet");
      await bob.run("room.mark_read", read);
      const deleted = await inRoom({}, "deleted at once, @bob", "quiet");
      await alice.run("message.delete", deleted);
      await inRoom({ notify: "all" }, "my own", "quiet", bob);
      const left = await inRoom({ notify: "all" }, "no member any more, @bob", "quiet");
      await alice.run("member.remove", { room: left.room, person: await bob.id() });
      await bob.run("person.block", { person: await carol.id() });
      await inRoom({ notify: "all" }, "from somebody who was blocked, @bob", "quiet", carol);
      await inRoom({ notify: "all" }, "the last one", "loud");
      await shown(devices.bob, expected.length);
      await untilItWouldHaveCome();
      expect(devices.bob.received.map(({ message }) => message.notification.body).sort()).toEqual(
        expected.sort(),
      );
      expect(devices.carol.received).toEqual([]);
      await bob.run("person.unblock", { person: await carol.id() });
      await carol.run("dnd.set", { until: null });
    }, 60_000);

    test("nothing comes in the quiet hours of a person, and what is written after them does", async () => {
      // Made once: they are of the minute.
      const [around, others] = [hours(true), hours(false)];
      const device = await subscribe(bob, service);
      await bob.run("quiet_hours.set", { hours: around });
      expect(await bob.read("/api/me")).toMatchObject({ quietHours: around });
      await alice.say(general, "@bob in the night");
      await untilItWouldHaveCome();
      expect(device.received).toEqual([]);
      await bob.run("quiet_hours.set", { hours: others });
      await alice.say(general, "@bob in the morning");
      expect(await shown(device)).toMatchObject([{ body: "@bob in the morning" }]);
      for (const wrong of [{ zone: "Mars/Olympus" }, { from: 1440 }, { to: -1 }]) {
        const refused = await bob.post("/api/commands/quiet_hours.set", {
          hours: { ...around, ...wrong },
        });
        expect((await problemOf(refused)).code).toBe("malformed");
      }
      expect(await bob.read("/api/me")).toMatchObject({ quietHours: others });
      await bob.run("quiet_hours.set", { hours: null });
    }, 30_000);

    test("a reply reaches those who follow the thread, once each, until they have read it", async () => {
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Threads",
        people: [await bob.id(), await carol.id()],
      });
      const devices = [await subscribe(bob, service), await subscribe(carol, service)] as const;
      const threadRoot = await bob.say(room.id, "who takes the first shift?");
      await alice.say(room.id, "I do", { threadRoot });
      expect(await shown(devices[0])).toMatchObject([{ title: "alice in Threads", body: "I do" }]);
      await untilItWouldHaveCome();
      expect([devices[0].received.length, devices[1].received.length]).toEqual([1, 0]);
    }, 30_000);

    test("replies in threads notify unless one turns that off, and reactions only if one turns it on", async () => {
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Switches",
        people: [await bob.id()],
      });
      const device = await subscribe(bob, service);
      const seq = await bob.say(room.id, "who oils the lathe?");
      const react = (emoji: string) => alice.run("reaction.add", { room: room.id, seq, emoji });
      const upTo = async () => (await bob.room(room.id)).headSeq;
      await bob.run("notifications.set", { threads: false });
      await alice.say(room.id, "not me", { threadRoot: seq });
      await react("👀");
      await untilItWouldHaveCome();
      expect(device.received).toEqual([]);
      await bob.run("thread.mark_read", { room: room.id, seq, upTo: await upTo() });
      await bob.run("notifications.set", { threads: true, reactions: true });
      expect(await bob.read("/api/me")).toMatchObject({ notifiesOf: { threads: true, reactions: true } });
      await react("👍");
      expect(await shown(device)).toMatchObject([
        {
          ...{ title: "alice in Switches", body: "👍 to “who oils the lathe?”" },
          navigate: `${server.origin}/chat/${room.id}/${seq}`,
        },
      ]);
      const notifiesNotOf = async (work: () => Promise<unknown>) => {
        await work();
        await untilItWouldHaveCome();
        expect(device.received).toHaveLength(1);
        await sql`update accounts set reaction_notified_at = 0 where username = 'bob'`;
      };
      // Another one within a minute.
      await notifiesNotOf(() => react("🎉"));
      await notifiesNotOf(() => bob.run("reaction.add", { room: room.id, seq, emoji: "🚀" }));
      await bob.run("room.set_preferences", { room: room.id, isMuted: true });
      await notifiesNotOf(() => react("🔧"));
      await bob.run("room.set_preferences", { room: room.id, isMuted: false });
      await notifiesNotOf(async () => {
        await react("🔩");
        await alice.run("reaction.remove", { room: room.id, seq, emoji: "🔩" });
      });
      await notifiesNotOf(async () => {
        await react("🪛");
        await bob.run("inbox.mark_seen", { at: Date.now() });
      });
      await alice.say(room.id, "I do", { threadRoot: seq });
      expect((await shown(device, 2))[1]).toMatchObject({ body: "I do" });
      await bob.run("notifications.set", { reactions: false });
      expect(await bob.read("/api/me")).toMatchObject({ notifiesOf: { threads: true, reactions: false } });
    }, 40_000);

    test("a test arrives, or says why it can't; without a subscription there is none", async () => {
      const device = await subscribe(alice, service);
      await alice.run("push.test", {});
      expect(await shown(device)).toMatchObject([
        { title: "novaX", body: "Notifications work on this device." },
      ]);
      device.status = 400;
      expect(await alice.refusedWith("push.test", {})).toBe("push_refused");
      device.status = 410;
      expect(await alice.refusedWith("push.test", {})).toBe("push_refused");
      expect((await subscription(alice)).device).toBeNull();
      expect(await alice.refusedWith("push.test", {})).toBe("not_found");
      await subscribe(alice, service);
      await alice.run("push.unsubscribe", {});
      expect((await subscription(alice)).device).toBeNull();
    });

    test("a browser that gave its subscription up is forgotten; a service that is down is tried again, but not for what is old", async () => {
      const [carols, bobs] = [
        (await alice.run("direct.open", { people: [await carol.id()] })).room.id,
        (await alice.run("direct.open", { people: [await bob.id()] })).room.id,
      ];
      const [gone, late, newer] = [
        await subscribe(carol, service),
        await subscribe(await carol.inAnotherBrowser(), service),
        await subscribe(bob, service),
      ];
      gone.status = 410;
      late.status = 503;
      newer.status = 503;
      await alice.say(carols, "is anybody there");
      await alice.say(bobs, "the first");
      expect(await waitUntil(async () => (await subscription(carol)).device === null, 15_000)).toBe(true);
      expect(await waitUntil(() => late.refused > 0 && newer.refused > 0, 15_000)).toBe(true);
      late.status = 201;
      newer.status = 201;
      await alice.say(bobs, "the second");
      // The next try is after ten seconds.
      expect(await waitUntil(() => late.received.length === 1, 20_000)).toBe(true);
      await Bun.sleep(1000);
      expect(newer.received.map(({ message }) => message.notification.body)).toEqual(["the second"]);
    }, 60_000);

    test("a service that asks to wait is asked again when it said, and not before", async () => {
      const device = await subscribe(bob, service);
      device.status = 429;
      device.retryAfter = 1800;
      await alice.say(general, "@bob in half an hour");
      expect(await waitUntil(() => device.refused === 1, 15_000)).toBe(true);
      const retries = () =>
        sql<
          { run_at: number }[]
        >`select run_at from jobs where kind = 'push.retry' and run_at > ${Date.now() + 60_000}`;
      expect(await waitUntil(async () => (await retries()).length === 1)).toBe(true);
      const runAt = Number((await retries())[0]!.run_at);
      expect(Math.abs(runAt - Date.now() - 1_800_000)).toBeLessThan(20_000);
    }, 30_000);

    test("somebody else in the same browser takes it over; the first person gets nothing more", async () => {
      const device = await subscribe(bob, service);
      await carol.run("push.subscribe", { ...device.fields, content: "full" });
      expect((await subscription(bob)).device).toBeNull();
      const { room } = await alice.run("direct.open", { people: [await bob.id()] });
      await alice.say(room.id, "for bob alone");
      await untilItWouldHaveCome();
      expect(device.received).toEqual([]);
    }, 30_000);

    test("[U05] only push services are sent to, and only with the keys of a subscription", async () => {
      const { p256dh, auth } = service.makeDevice().fields;
      for (const endpoint of [
        "http://127.0.0.1:1/send",
        "https://127.0.0.1/send",
        "https://example.org/send",
        "http://fcm.googleapis.com/send",
        "https://fcm.googleapis.com:8443/send",
        "https://fcm.googleapis.com.example.org/send",
        "https://push.apple.com.example.org/send",
        "https://evilpush.apple.com.test/x",
        "https://169.254.169.254/latest/meta-data",
        "https://x@example.org/",
        "file:///etc/passwd",
      ]) {
        const response = await alice.command("push.subscribe", { endpoint, p256dh, auth, content: "full" });
        expect([response.status, (await problemOf(response)).code, endpoint]).toEqual([
          422,
          "push_refused",
          endpoint,
        ]);
      }
      for (const endpoint of [
        "https://fcm.googleapis.com/fcm/send/x",
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://web.push.apple.com/x",
        "https://wns2-par02p.notify.windows.com/w/?token=x",
      ])
        await alice.run("push.subscribe", { endpoint, p256dh, auth, content: "full" });
      await alice.run("push.unsubscribe", {});
      const { endpoint } = service.makeDevice().fields;
      // A point that is not on the curve.
      const wrong = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]).toString("base64url");
      expect(
        await alice.refusedWith("push.subscribe", { endpoint, p256dh: wrong, auth, content: "full" }),
      ).toBe("push_refused");
      for (const fields of [
        { endpoint: "not an address", p256dh, auth },
        { endpoint: `https://fcm.googleapis.com/${"x".repeat(3000)}`, p256dh, auth },
        { endpoint, p256dh: "x", auth },
        { endpoint, p256dh, auth: "x".repeat(500) },
      ])
        expect(await alice.refusedWith("push.subscribe", { ...fields, content: "full" })).toBe("malformed");
    });

    test("[A20] addresses and keys of devices, and the server's key, can't be read in the database", async () => {
      const { fields } = await subscribe(bob, service);
      const rows = [await sql`select * from push_subscriptions`, await sql`select * from push_keys`].flat();
      expect(rows.length).toBeGreaterThan(1);
      const text = rows
        .flatMap((row: object) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)))
        .join("\n");
      for (const secret of [...Object.values(fields), "127.0.0.1", '"kty"', '"d"'])
        expect(text).not.toContain(secret);
      expect(await (await bob.fetch("/account/export")).text()).not.toContain(fields.auth);
    });

    test("a session that was idle for too long gets no words, whatever its person chose", async () => {
      const idle = await bob.inAnotherBrowser();
      const device = await subscribe(idle, service);
      const { room } = await alice.run("direct.open", { people: [await bob.id()] });
      await sql`update sessions set last_seen_at = 0
      where id = (select session_id from push_subscriptions order by created_at desc limit 1)`;
      await alice.say(room.id, "not for who found the laptop");
      expect(await shown(device)).toMatchObject([{ title: "novaX", body: "You have a new message." }]);
    }, 30_000);

    test("a reply leads to the message that its thread is about", async () => {
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Answers",
        people: [await bob.id()],
      });
      const device = await subscribe(bob, service);
      const threadRoot = await bob.say(room.id, "where is the key?");
      await alice.say(room.id, "under the mat", { threadRoot });
      await shown(device);
      const { navigate, actions } = device.received[0]!.message.notification;
      expect(navigate).toBe(`${server.origin}/chat/${room.id}/${threadRoot}`);
      expect(actions).toEqual([]);
    }, 30_000);
  },
);

describe("the encryption", () => {
  test("refuses what doesn't fit, and hides how long a text is", () => {
    const { p256dh, auth } = service.makeDevice().fields;
    const sizes = new Set(
      [0, 1, 100, 511].map((length) => encryptPush({ p256dh, auth }, Buffer.alloc(length)).byteLength),
    );
    expect(sizes.size).toBe(1);
    expect(encryptPush({ p256dh, auth }, Buffer.alloc(pushTextBytesMax)).byteLength).toBe(4096);
    expect(() => encryptPush({ p256dh, auth }, Buffer.alloc(pushTextBytesMax + 1))).toThrow("doesn't fit");
  });
});
