import type { FieldsOf } from "@novax/protocol/commands";
import type { SessionId } from "@novax/protocol/ids";
import type { ReadResult } from "@novax/protocol/reads";
import { findAccountById } from "../accounts/queries.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { testNotification } from "./notification.ts";
import type { Device, PushService } from "./push-service.ts";
import { deleteSubscription, findSubscription, hasSubscriptions, replaceSubscription } from "./queries.ts";

export type PushNeeds = TransactionNeeds & { push: PushService };

const testKeepSeconds = 60;

/** Whether anybody subscribed at all, in memory, because it is asked for every message that is sent. */
export class PushSubscribers {
  readonly list: FreshList<boolean>;

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList(app, {
      name: "push.reread_failed",
      changedBy: "push_subscribers_changed",
      initial: false,
      read: () => hasSubscriptions(app.db.sql),
    });
  }

  get areAny(): boolean {
    return this.list.current;
  }
}

/**
 * Notifies this session's browser from now on, until the session ends. Refuses with `push_refused` an address that is not at
 * a push service, and keys that are none.
 */
export async function subscribePush(
  app: PushNeeds,
  actor: Actor,
  { content, ...device }: FieldsOf<"push.subscribe">,
): Promise<void> {
  app.push.assertDevice(device);
  const { id: account, sessionId: session } = actor;
  const sealed = app.secret.seal(JSON.stringify(device), sealContext(session));
  const endpointMac = app.secret.mac(device.endpoint, "push endpoint");
  await app.db.transact((tx) =>
    replaceSubscription(tx, { session, account, sealed, content }, { endpointMac, now: app.clock.now() }),
  );
  app.bus.publish({ kind: "push_subscribers_changed" });
}

/** Ends the notifications of this session's browser. */
export async function unsubscribePush(app: PushNeeds, actor: Actor): Promise<void> {
  await deleteSubscription(app.db.sql, actor.sessionId);
}

/** Sends this session's browser a notification. Refuses with `push_refused` if the push service doesn't take it. */
export async function testPush(app: PushNeeds, actor: Actor): Promise<void> {
  const stored = await findSubscription(app.db.sql, actor.sessionId);
  const device = stored && openDevice(app.secret, stored);
  if (!device) throw new Refusal("not_found", (t) => t.pushOff);
  const { language } = (await findAccountById(app.db.sql, actor.id))!;
  const text = JSON.stringify(testNotification(language, { ...app, serverName: app.identity.name }));
  const message = { text, keepSeconds: testKeepSeconds, isUrgent: true, topic: "test" };
  const outcome = await app.push.send(device, message).catch((error: unknown) => {
    return { kind: "refused" as const, reason: (error as Error).message };
  });
  if (outcome.kind === "gone") await deleteSubscription(app.db.sql, actor.sessionId);
  if (outcome.kind === "refused") app.log.warn("push.test_failed", { reason: outcome.reason });
  if (outcome.kind !== "sent") throw new Refusal("push_refused", (t) => t.pushNotTaken);
}

/** Returns with what key browsers subscribe, and what this session's browser gets. */
export async function readPush(app: PushNeeds, actor: Actor): Promise<ReadResult<"me.push">> {
  const stored = await findSubscription(app.db.sql, actor.sessionId);
  const device = stored && openDevice(app.secret, stored);
  return {
    publicKey: await app.push.publicKey(),
    contentMax: app.push.contentMax,
    device: device && stored ? { endpoint: device.endpoint, content: stored.content } : null,
  };
}

/** Returns where a browser is reached. Null if it was sealed with another secret. */
export function openDevice(
  secret: ServerSecret,
  { session, sealed }: { session: SessionId; sealed: Uint8Array },
): Device | null {
  const text = secret.open(sealed, sealContext(session));
  return text === null ? null : (JSON.parse(text) as Device);
}

const sealContext = (session: SessionId) => `push:${session}`;
