import type { Person, ServerRole } from "@novax/protocol/entities";
import type { SessionId } from "@novax/protocol/ids";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";

/** Whoever acts: a person, through one session. */
export type Actor = Person & {
  sessionId: SessionId;
  serverRole: ServerRole;
  /** When they last proved who they are with everything that their account asks for. */
  provedAt: number | null;
  /** The session opens the pages that set up a second factor, and nothing else until that is done. */
  mustEnrol: boolean;
};

/** Where a request came from, as the session list shows it. */
export type RequestOrigin = { address: string; userAgent: string };

export type SessionLimits = { idleMs: number; maxMs: number };

/** Owners and admins can do more, so their idle sessions end sooner (ASVS 7.3.1). */
const privilegedIdleMs = 24 * 3_600_000;

/** What weakens an account asks for a proof that is no older (ASVS 7.5.1). */
export const recentProofMs = 5 * 60_000;

export const userAgentCharsMax = 256;

/** Whether somebody at this session proved who they are a moment ago. */
export function hasRecentProof(actor: Actor, now: number): boolean {
  // A proof from the future is one from a clock that was wrong.
  return actor.provedAt !== null && actor.provedAt <= now && now - actor.provedAt <= recentProofMs;
}

/** Asserts a recent proof. Refuses with `reauth_required`. */
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
  const isPrivileged = row.server_role === "owner" || row.server_role === "admin";
  const idleMs = isPrivileged ? Math.min(limits.idleMs, privilegedIdleMs) : limits.idleMs;
  return now - row.last_seen_at > idleMs || now - row.created_at > limits.maxMs;
}
