import type { Person, ServerRole } from "@novax/protocol/entities";
import type { SessionId } from "@novax/protocol/ids";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";

/** The person who acts, through one session. */
export type Actor = Person & {
  sessionId: SessionId;
  serverRole: ServerRole;
  /** When they last proved their identity with everything that their account requires. */
  provedAt: number | null;
  /** The session may only be used to set up a second factor, until that is done. */
  mustEnrol: boolean;
};

/** Where a request comes from, as shown in the session list. From a banned address only owners sign in. */
export type RequestOrigin = { address: string; userAgent: string; isBanned: boolean };

export type SessionLimits = { idleMs: number; maxMs: number };

/** Owners and admins can do more, so their idle sessions end sooner (ASVS 7.3.1). */
const privilegedIdleMs = 24 * 3_600_000;

/** The oldest proof of identity that is accepted for what weakens an account (ASVS 7.5.1). */
export const recentProofMs = 5 * 60_000;

export const userAgentCharsMax = 256;

export function hasRecentProof(actor: Actor, now: number): boolean {
  // A proof dated in the future comes from a clock that was wrong.
  return actor.provedAt !== null && actor.provedAt <= now && now - actor.provedAt <= recentProofMs;
}

/** Asserts that the person has recently proved their identity. Refuses with `reauth_required`. */
export function assertRecentProof(app: { clock: Clock }, actor: Actor): void {
  if (!hasRecentProof(actor, app.clock.now())) throw reauthRequired();
}

export function reauthRequired(): Refusal {
  return new Refusal("reauth_required", (t) => t.proveAgain);
}

export function hasExpired(
  row: { server_role: ServerRole; created_at: number; last_seen_at: number },
  limits: SessionLimits,
  now: number,
): boolean {
  const idleMs = idleMsOf(row.server_role, limits);
  return now - row.last_seen_at > idleMs || now - row.created_at > limits.maxMs;
}

/** How long a session of somebody with this role lasts without being used, in milliseconds. */
export function idleMsOf(role: ServerRole, limits: SessionLimits): number {
  const isPrivileged = role === "owner" || role === "admin";
  return isPrivileged ? Math.min(limits.idleMs, privilegedIdleMs) : limits.idleMs;
}
