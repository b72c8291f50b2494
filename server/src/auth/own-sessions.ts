import type { SessionId } from "@novax/protocol/ids";
import { changeAccount } from "../accounts/change-account.ts";
import { raiseCredentialsVersion } from "../accounts/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { distrustDevices } from "./known-device-queries.ts";
import { markAllSessionsEnded, markSessionEnded } from "./session-queries.ts";
import type { Actor, RequestOrigin } from "./sessions.ts";

/** Signs out: ends this session, and its sockets on every process. */
export async function logOut(app: TransactionNeeds, actor: Actor, origin: RequestOrigin): Promise<void> {
  await changeAccount(app, async ({ sql, endSessions, audit }) => {
    endSessions(await markSessionEnded(sql, actor.id, actor.sessionId, { now: app.clock.now() }));
    audit({ action: "session.ended", actor, subject: actor, address: origin.address, detail: "signed out" });
  });
}

/** Ends one of the actor's sessions. Refuses with `not_found` if it has ended or belongs to somebody else. */
export async function endOwnSession(
  app: TransactionNeeds,
  actor: Actor,
  id: SessionId,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ sql, endSessions, audit }) => {
    const ended = await markSessionEnded(sql, actor.id, id, { now: app.clock.now() });
    if (ended.length === 0) throw new Refusal("not_found", (t) => t.noSession);
    endSessions(ended);
    audit({ action: "session.ended", actor, subject: actor, address: origin.address, detail: "one device" });
  });
}

/** Ends every other session, and the trust in every browser. Returns how many sessions ended. */
export async function endOtherSessions(
  app: TransactionNeeds,
  actor: Actor,
  origin: RequestOrigin,
): Promise<number> {
  return changeAccount(app, async ({ sql, endSessions, audit }) => {
    const ended = await markAllSessionsEnded(sql, actor.id, app.clock.now(), { except: actor.sessionId });
    await distrustDevices(sql, actor.id, null);
    await raiseCredentialsVersion(sql, actor.id);
    endSessions(ended);
    audit({
      action: "session.ended",
      actor,
      subject: actor,
      address: origin.address,
      detail: `all others: ${ended.length}`,
    });
    return ended.length;
  });
}

/** Ends the trust in one browser. Refuses with `not_found`, also for somebody else's browser. */
export async function distrustOwnDevice(
  app: TransactionNeeds,
  actor: Actor,
  id: string,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ sql, audit }) => {
    const count = await distrustDevices(sql, actor.id, id);
    if (count === 0) throw new Refusal("not_found", (t) => t.noBrowser);
    audit({ action: "device.distrusted", actor, subject: actor, address: origin.address });
  });
}
