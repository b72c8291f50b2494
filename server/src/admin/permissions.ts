import type { ServerRole } from "@novax/protocol/entities";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";

/** Whether somebody may see the owner's pages at all. */
export function isPrivileged(role: ServerRole): boolean {
  return role === "owner" || role === "admin";
}

/** Whether somebody with this role may act on an account of that one: owners on everybody, admins on those below. */
export function mayActOn(role: ServerRole, target: ServerRole): boolean {
  return role === "owner" || (role === "admin" && !isPrivileged(target));
}

/** Asserts {@link mayActOn}. Refuses with `forbidden`. */
export function assertMayActOn(actor: Actor, target: ServerRole): void {
  if (!mayActOn(actor.serverRole, target)) {
    throw new Refusal("forbidden", (t) => t.ownersActOnAdmins);
  }
}
