import type { ServerRole } from "@novax/protocol/entities";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";

/** Owners and admins, who may open the admin pages. */
export function isPrivileged(role: ServerRole): boolean {
  return role === "owner" || role === "admin";
}

/** Whether one role may act on an account with another: owners on everybody, admins on everybody below them. */
export function mayActOn(role: ServerRole, target: ServerRole): boolean {
  return role === "owner" || (role === "admin" && !isPrivileged(target));
}

/** Asserts {@link mayActOn}. Refuses with `forbidden`. */
export function assertMayActOn(actor: Actor, target: ServerRole): void {
  if (!mayActOn(actor.serverRole, target)) {
    throw new Refusal("forbidden", (t) => t.ownersActOnAdmins);
  }
}
