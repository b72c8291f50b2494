import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { ServerRole } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import { sha256 } from "../lib/sha256.ts";
import {
  type Actor,
  hasExpired,
  type RequestOrigin,
  type SessionLimits,
  userAgentCharsMax,
} from "./sessions.ts";

export type SessionNeeds = { db: Database; bus: Bus; clock: Clock; sessionLimits: SessionLimits };

export const touchEveryMs = 60_000;

/** How many sessions an account can have. A new one ends the one that was unused longest. */
export const sessionsMax = 100;

/** The exact form of our tokens; anything else is not looked up. */
export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** Starts a session. Returns its token, which is not stored: the database has only its hash. */
export async function insertSession(
  app: { clock: Clock; random: Random },
  tx: Sql,
  session: { accountId: AccountId; origin: RequestOrigin; isProved: boolean; mustEnrol: boolean },
): Promise<string> {
  const { accountId, origin } = session;
  const token = app.random.token();
  const now = app.clock.now();
  await tx`
    insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address, proved_at, must_enrol)
    values (${app.random.uuid()}, ${accountId}, ${sha256(token)}, ${now}, ${now},
      ${origin.userAgent.slice(0, userAgentCharsMax)}, ${origin.address}, ${session.isProved ? now : null},
      ${session.mustEnrol})`;
  return token;
}

/** Ends the sessions that were unused longest, so that there is room for another one. Returns which. */
export async function endSurplusSessions(
  tx: Sql,
  account: AccountId,
  { now }: { now: number },
): Promise<SessionId[]> {
  const rows = await tx<{ id: SessionId }>`
    update sessions set ended_at = ${now}
    where id in (
      select id from sessions where account_id = ${account} and ended_at is null
      order by last_seen_at desc, id offset ${sessionsMax - 1}
    )
    returning id`;
  return rows.map((row) => row.id);
}

export type SessionRow = {
  id: SessionId;
  account_id: AccountId;
  username: string;
  display_name: string;
  server_role: ServerRole;
  created_at: number;
  last_seen_at: number;
  proved_at: number | null;
  must_enrol: boolean;
};

/**
 * The person who holds this token, also if their session must set up a second factor first: the caller checks `mustEnrol`. Null if
 * the session is unknown, ended or expired, or the account is disabled: a client cannot tell these apart.
 */
export async function findEnrollingActor(app: SessionNeeds, token: string): Promise<Actor | null> {
  if (!tokenPattern.test(token)) return null;
  const [row] = await app.db.sql<SessionRow>`
    select s.id, s.account_id, a.username, a.display_name, a.server_role, s.created_at, s.last_seen_at, s.proved_at,
      s.must_enrol
    from sessions s join accounts a on a.id = s.account_id
    where s.token_hash = ${sha256(token)} and s.ended_at is null and a.disabled_at is null and a.deleted_at is null`;
  if (!row || hasExpired(row, app.sessionLimits, app.clock.now())) return null;
  await touch(app, [row]);
  return toActor(row);
}

/** The people who hold these tokens, with one query, but for sessions that must set up a second factor first. */
export async function findActors(
  app: SessionNeeds,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, Actor>> {
  const tokenOf = new Map(
    tokens.filter((token) => tokenPattern.test(token)).map((token) => [sha256(token).toString("hex"), token]),
  );
  const rows = await app.db.sql<SessionRow & { token_hash: string }>`
    select encode(s.token_hash, 'hex') as token_hash, s.id, s.account_id, a.username, a.display_name, a.server_role,
      s.created_at, s.last_seen_at, s.proved_at, s.must_enrol
    from unnest(${app.db.sql.array([...tokenOf.keys()], "text")}) t (hash)
      join sessions s on s.token_hash = decode(t.hash, 'hex') join accounts a on a.id = s.account_id
    where s.ended_at is null and a.disabled_at is null and a.deleted_at is null`;
  const now = app.clock.now();
  const live = rows.filter((row) => !row.must_enrol && !hasExpired(row, app.sessionLimits, now));
  await touch(app, live);
  return new Map(live.map((row) => [tokenOf.get(row.token_hash)!, toActor(row)]));
}

function toActor(row: SessionRow): Actor {
  return {
    ...toPerson(row.account_id, row.username, row.display_name),
    serverRole: row.server_role,
    sessionId: row.id,
    provedAt: row.proved_at,
    mustEnrol: row.must_enrol,
  };
}

export async function markProved(sql: Sql, id: SessionId, at: number): Promise<void> {
  await sql`update sessions set proved_at = ${at} where id = ${id} and ended_at is null`;
}

/** Lifts the session's limits once the second factor is set up. */
export async function markEnrolled(tx: Sql, id: SessionId): Promise<void> {
  await tx`update sessions set must_enrol = false where id = ${id} and must_enrol`;
}

/** Asserts that a session is still valid, inside the transaction it acts in. Refuses with `unauthenticated`. */
export async function assertLiveSession(tx: Sql, actor: Actor): Promise<void> {
  const rows = await tx`
    select 1 from sessions s join accounts a on a.id = s.account_id
    where s.id = ${actor.sessionId} and s.ended_at is null and a.disabled_at is null and a.deleted_at is null
    for share of s`;
  if (rows.length === 0) throw new Refusal("unauthenticated", (t) => t.signInFirst);
}

/** Which of these sessions are still valid. Also marks them as used just now. */
export async function filterLiveSessions(
  app: SessionNeeds,
  ids: readonly SessionId[],
): Promise<Set<SessionId>> {
  if (ids.length === 0) return new Set();
  const rows = await app.db.sql<Pick<SessionRow, "id" | "server_role" | "created_at" | "last_seen_at">>`
    select s.id, a.server_role, s.created_at, s.last_seen_at
    from sessions s join accounts a on a.id = s.account_id
    where s.id = any(${app.db.sql.array(ids, "uuid")}) and s.ended_at is null and a.disabled_at is null
      and a.deleted_at is null and not s.must_enrol`;
  const live = new Set(
    rows.filter((row) => !hasExpired(row, app.sessionLimits, app.clock.now())).map((row) => row.id),
  );
  if (live.size > 0) {
    // An open socket counts as use, so that a chat left open all day does not expire.
    await app.db.sql`update sessions set last_seen_at = greatest(last_seen_at, ${app.clock.now()})
      where id = any(${app.db.sql.array([...live], "uuid")})`;
  }
  return live;
}

/** A session as shown in its owner's list. */
export type SessionEntry = {
  id: SessionId;
  userAgent: string;
  address: string;
  createdAt: number;
  lastSeenAt: number;
};

/** An account's valid sessions, most recently used first. */
export async function listSessions(app: SessionNeeds, accountId: AccountId): Promise<SessionEntry[]> {
  const rows = await app.db.sql<SessionRow & { user_agent: string; address: string }>`
    select s.id, a.server_role, s.user_agent, s.address, s.created_at, s.last_seen_at
    from sessions s join accounts a on a.id = s.account_id
    where s.account_id = ${accountId} and s.ended_at is null
    order by s.last_seen_at desc, s.id
    ${app.db.sql.limit(sessionsMax)}`;
  return rows
    .filter((row) => !hasExpired(row, app.sessionLimits, app.clock.now()))
    .map((row) => ({
      id: row.id,
      userAgent: row.user_agent,
      address: row.address,
      createdAt: row.created_at,
      lastSeenAt: row.last_seen_at,
    }));
}

/**
 * Ends one session of this account. Returns the ids that ended; the caller publishes them on the bus after the commit.
 */
export async function markSessionEnded(
  tx: Sql,
  accountId: AccountId,
  id: SessionId,
  { now }: { now: number },
): Promise<SessionId[]> {
  const rows = await tx<{ id: SessionId }>`
    update sessions set ended_at = ${now}
    where id = ${id} and account_id = ${accountId} and ended_at is null
    returning id`;
  return rows.map((row) => row.id);
}

/**
 * Ends every session of an account except `except`. Returns the ids that ended; the caller publishes them on the bus
 * after the commit.
 */
export async function markAllSessionsEnded(
  tx: Sql,
  accountId: AccountId,
  now: number,
  { except = null }: { except?: SessionId | null } = {},
): Promise<SessionId[]> {
  const rows = await tx<{ id: SessionId }>`
    update sessions set ended_at = ${now}
    where account_id = ${accountId} and ended_at is null and id is distinct from ${except}::uuid
    returning id`;
  return rows.map((row) => row.id);
}

async function touch(app: SessionNeeds, rows: readonly SessionRow[]): Promise<void> {
  const now = app.clock.now();
  const ids = rows.filter((row) => now - row.last_seen_at >= touchEveryMs).map(({ id }) => id);
  if (ids.length === 0) return;
  await app.db
    .sql`update sessions set last_seen_at = ${now} where id = any(${app.db.sql.array(ids, "uuid")})`;
}
