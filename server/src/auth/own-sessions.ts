import type { SessionId } from "@novax/protocol/ids";
import { type AccountChangeNeeds, changeAccount } from "../accounts/account-change.ts";
import { Refusal } from "../lib/refusal.ts";
import { distrustDevices } from "./known-devices.ts";
import { type Actor, markAllSessionsEnded, markSessionEnded, type RequestOrigin } from "./sessions.ts";

/** Signs out: this session ends, and its sockets on every process. */
export async function logOut(app: AccountChangeNeeds, actor: Actor, origin: RequestOrigin): Promise<void> {
  await changeAccount(app, async ({ tx, endedSessions, audit }) => {
    endedSessions(await markSessionEnded(tx, actor.id, actor.sessionId, app.clock.now()));
    audit({ action: "session.ended", actor, subject: actor, address: origin.address, detail: "signed out" });
  });
}

/** Ends one of one's own sessions. Refuses with `not_found` also what is somebody else's, or has ended. */
export async function endOwnSession(
  app: AccountChangeNeeds,
  actor: Actor,
  id: SessionId,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ tx, endedSessions, audit }) => {
    const ended = await markSessionEnded(tx, actor.id, id, app.clock.now());
    if (ended.length === 0) throw new Refusal("not_found", (t) => t.noSession);
    endedSessions(ended);
    audit({ action: "session.ended", actor, subject: actor, address: origin.address, detail: "one" });
  });
}

/** Ends every session but this one, and the trust in every browser. Returns how many sessions ended. */
export async function endOtherSessions(
  app: AccountChangeNeeds,
  actor: Actor,
  origin: RequestOrigin,
): Promise<number> {
  return changeAccount(app, async ({ tx, endedSessions, audit }) => {
    const ended = await markAllSessionsEnded(tx, actor.id, app.clock.now(), actor.sessionId);
    await distrustDevices(tx, actor.id, null);
    endedSessions(ended);
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

/** Ends the trust in one browser. Refuses with `not_found` also what is somebody else's. */
export async function distrustOwnDevice(
  app: AccountChangeNeeds,
  actor: Actor,
  id: string,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ tx, audit }) => {
    const count = await distrustDevices(tx, actor.id, id);
    if (count === 0) throw new Refusal("not_found", (t) => t.noBrowser);
    audit({ action: "device.distrusted", actor, subject: actor, address: origin.address });
  });
}
