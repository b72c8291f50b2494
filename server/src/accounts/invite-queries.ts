import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { sha256 } from "../lib/sha256.ts";

/** What an invitation gives to the person who uses it. */
export type Invite = { by: AccountId; note: string; needsApproval: boolean };

export type InviteEntry = Invite & {
  id: string;
  byName: string;
  maxUses: number;
  uses: number;
  createdAt: number;
  expiresAt: number;
};

type InviteRow = {
  id: string;
  created_by: AccountId;
  username: string;
  note: string;
  max_uses: number;
  uses: number;
  needs_approval: boolean;
  created_at: number;
  expires_at: number;
};

export async function insertInvite(
  tx: Sql,
  invite: {
    id: string;
    token: string;
    by: AccountId;
    note: string;
    maxUses: number;
    needsApproval: boolean;
    createdAt: number;
    expiresAt: number;
  },
): Promise<void> {
  await tx`
    insert into invites (id, token_hash, created_by, note, max_uses, needs_approval, created_at, expires_at)
    values (${invite.id}, ${sha256(invite.token)}, ${invite.by}, ${invite.note}, ${invite.maxUses},
      ${invite.needsApproval}, ${invite.createdAt}, ${invite.expiresAt})`;
}

export async function countActiveInvites(sql: Sql, now: number): Promise<number> {
  const [row] = await sql<{ invites: number }>`
    select count(*) as invites from invites where revoked_at is null and expires_at > ${now} and uses < max_uses`;
  return row!.invites;
}

/**
 * Returns the name of the person who made an invitation that still works, without using it up. Null for every other, so
 * that one that was revoked looks like one that never was.
 */
export async function findInviter(sql: Sql, token: string, now: number): Promise<string | null> {
  const [row] = await sql<{ name: string }>`
    select coalesce(nullif(a.display_name, ''), a.username) as name
    from invites i join accounts a on a.id = i.created_by
    where i.token_hash = ${sha256(token)} and i.revoked_at is null and i.expires_at > ${now} and i.uses < i.max_uses
      and a.server_role in ('owner', 'admin') and a.disabled_at is null and a.deleted_at is null`;
  return row?.name ?? null;
}

/** Returns who made an invitation, as {@link findInviter} does. Refuses with `invite_invalid`, the same for every reason. */
export async function requireInviter(sql: Sql, token: string, now: number): Promise<string> {
  const inviter = await findInviter(sql, token, now);
  if (inviter === null) throw inviteInvalid();
  return inviter;
}

/**
 * Uses an invitation once, in the transaction that creates the account: of many parallel attempts, exactly as many
 * succeed as it has uses. Refuses with `invite_invalid`, the same for a forged, used, revoked or expired one (A19).
 */
export async function takeInvite(tx: Sql, token: string, now: number): Promise<Invite> {
  const [row] = await tx<InviteRow>`
    update invites set uses = uses + 1
    where token_hash = ${sha256(token)} and revoked_at is null and expires_at > ${now} and uses < max_uses
      and exists (
        select 1 from accounts a where a.id = created_by and a.server_role in ('owner', 'admin')
          and a.disabled_at is null and a.deleted_at is null
      )
    returning created_by, note, needs_approval`;
  if (!row) throw inviteInvalid();
  return { by: row.created_by, note: row.note, needsApproval: row.needs_approval };
}

/** The invitations that still work, newest first. Those of people who may no longer invite do not work. */
export async function listInvites(sql: Sql, now: number): Promise<InviteEntry[]> {
  const rows = await sql<InviteRow>`
    select i.id, i.created_by, a.username, i.note, i.max_uses, i.uses, i.needs_approval, i.created_at, i.expires_at
    from invites i join accounts a on a.id = i.created_by
    where i.revoked_at is null and i.expires_at > ${now} and i.uses < i.max_uses
      and a.server_role in ('owner', 'admin') and a.disabled_at is null and a.deleted_at is null
    order by i.created_at desc`;
  return rows.map((row) => ({
    id: row.id,
    by: row.created_by,
    byName: row.username,
    note: row.note,
    maxUses: row.max_uses,
    uses: row.uses,
    needsApproval: row.needs_approval,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}

/** Revokes an invitation. Returns false if there is none to revoke. */
export async function markInviteRevoked(tx: Sql, id: string, now: number): Promise<boolean> {
  const rows = await tx`
    update invites set revoked_at = ${now} where id = ${id} and revoked_at is null returning 1`;
  return rows.length > 0;
}

function inviteInvalid(): Refusal {
  return new Refusal("invite_invalid", (t) => t.inviteDead);
}
