import type { ServerRole } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { searchForm } from "@novax/protocol/names";
import { endResetLinks } from "../accounts/queries.ts";
import type { Sql } from "../db/database.ts";
import { escapeLike } from "../db/like.ts";

/** A person as owners and admins see them. It never includes passwords, factors or tokens (M10). */
export type PersonEntry = {
  id: AccountId;
  username: string;
  displayName: string;
  email: string;
  isEmailVerified: boolean;
  serverRole: ServerRole;
  hasFactor: boolean;
  mustHaveFactor: boolean;
  isDisabled: boolean;
  awaitsApproval: boolean;
  deleteAt: number | null;
  createdAt: number;
  lastSeenAt: number | null;
  sessions: number;
  invitedBy: string | null;
  inviteNote: string;
};

type PersonRow = {
  id: AccountId;
  username: string;
  display_name: string;
  email: string;
  email_verified_at: number | null;
  server_role: ServerRole;
  factor_on_at: number | null;
  must_have_factor: boolean;
  disabled_at: number | null;
  awaits_approval: boolean;
  delete_at: number | null;
  created_at: number;
  last_seen_at: number | null;
  sessions: number;
  invited_by_name: string | null;
  invite_note: string;
};

/** How many accounts await approval. Always 0 for an account that is neither owner nor admin. */
export async function countApprovals(sql: Sql, account: AccountId): Promise<number> {
  const [row] = await sql<{ count: number }>`
    select count(*)::int as count from accounts w join accounts a on a.awaits_approval
    where w.id = ${account} and w.server_role in ('owner', 'admin')`;
  return row!.count;
}

/**
 * People whose username, a word of whose display name, or whose address starts with `search`, accents aside: those awaiting approval first, then by username.
 * `after` is the last person of the previous page.
 */
export async function listPeople(
  sql: Sql,
  search: string,
  after: { awaitsApproval: boolean; key: string } | null,
  { limit }: { limit: number },
): Promise<PersonEntry[]> {
  return selectPeople(sql, { id: null, search, after, limit });
}

export async function findPerson(sql: Sql, id: AccountId): Promise<PersonEntry | null> {
  const [person] = await selectPeople(sql, { id, search: "", after: null, limit: 1 });
  return person ?? null;
}

async function selectPeople(
  sql: Sql,
  query: {
    id: AccountId | null;
    search: string;
    after: { awaitsApproval: boolean; key: string } | null;
    limit: number;
  },
): Promise<PersonEntry[]> {
  const { id, after, limit } = query;
  const prefix = `${escapeLike(query.search.trim().toLowerCase())}%`;
  const word = `% ${escapeLike(searchForm(query.search))}%`;
  const rows = await sql<PersonRow>`
    select a.id, a.username, a.display_name, a.email, a.email_verified_at, a.server_role, a.factor_on_at,
      a.must_have_factor, a.disabled_at, a.awaits_approval, a.delete_at, a.created_at, s.last_seen_at,
      coalesce(s.sessions, 0) as sessions, i.username as invited_by_name, a.invite_note
    from accounts a
      left join lateral (
        select max(last_seen_at) as last_seen_at, count(*) filter (where ended_at is null) as sessions
        from sessions where account_id = a.id
      ) s on true
      left join accounts i on i.id = a.invited_by
    where a.deleted_at is null
      and (${id}::uuid is null or a.id = ${id}::uuid)
      and (a.username_key like ${prefix} or ' ' || a.search_name like ${word} or a.email_key like ${prefix})
      and (${after === null}::boolean
        or (not a.awaits_approval, a.username_key) > (${!(after?.awaitsApproval ?? false)}::boolean, ${after?.key ?? ""}::text))
    order by not a.awaits_approval, a.username_key
    ${sql.limit(limit)}`;
  return rows.map(toEntry);
}

/** Changes a role. Ends reset links, because a link made for a member must not open an owner's account. */
export async function setServerRole(tx: Sql, id: AccountId, role: ServerRole): Promise<void> {
  await tx`update accounts set server_role = ${role} where id = ${id}`;
  await endResetLinks(tx, id);
}

export async function setMustHaveFactor(tx: Sql, id: AccountId, must: boolean): Promise<void> {
  await tx`update accounts set must_have_factor = ${must} where id = ${id}`;
}

/** Revokes the invitations of a person who may no longer invite. They stay revoked if the right comes back. */
export async function revokeInvitesOf(tx: Sql, id: AccountId, now: number): Promise<void> {
  await tx`update invites set revoked_at = ${now} where created_by = ${id} and revoked_at is null`;
}

/** Approved is as good as invited. */
export async function clearApproval(tx: Sql, id: AccountId, by: AccountId | null): Promise<void> {
  await tx`update accounts set awaits_approval = false, invited_by = coalesce(invited_by, ${by}::uuid) where id = ${id}`;
}

/** Deletes an account that was never approved; nothing else refers to it yet. */
export async function deleteRejected(tx: Sql, id: AccountId): Promise<void> {
  await tx`delete from accounts where id = ${id} and awaits_approval`;
}

function toEntry(row: PersonRow): PersonEntry {
  return {
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    email: row.email,
    isEmailVerified: row.email_verified_at !== null,
    serverRole: row.server_role,
    hasFactor: row.factor_on_at !== null,
    mustHaveFactor: row.must_have_factor,
    isDisabled: row.disabled_at !== null,
    awaitsApproval: row.awaits_approval,
    deleteAt: row.delete_at,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    sessions: row.sessions,
    invitedBy: row.invited_by_name,
    inviteNote: row.invite_note,
  };
}
