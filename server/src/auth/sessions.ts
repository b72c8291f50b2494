import type { Person, ServerRole } from "@novax/protocol/entities";
import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/sha256.ts";

/** Whoever acts: a person, through one session. */
export type Actor = Person & { sessionId: SessionId; serverRole: ServerRole };

/** Where a request came from, as the session list shows it. */
export type RequestOrigin = { address: string; userAgent: string };

export type SessionLimits = { idleMs: number; maxMs: number };

type SessionNeeds = { db: Database; bus: Bus; clock: Clock; sessionLimits: SessionLimits };

/** Owners and admins can do more, so their idle sessions end sooner (ASVS 7.3.1). */
const privilegedIdleMs = 24 * 3_600_000;
const touchEveryMs = 60_000;
const userAgentCharsMax = 256;
/** What no token of ours is longer than; anything else is not looked up. */
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** Starts a session. Returns its token, which stands nowhere else: the table has its hash alone. */
export async function insertSession(
  app: { clock: Clock; random: Random },
  tx: Sql,
  accountId: AccountId,
  origin: RequestOrigin,
): Promise<{ token: string; sessionId: SessionId }> {
  const token = app.random.token();
  const sessionId = app.random.uuid() as SessionId;
  const now = app.clock.now();
  await tx`
    insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
    values (${sessionId}, ${accountId}, ${sha256(token)}, ${now}, ${now},
      ${origin.userAgent.slice(0, userAgentCharsMax)}, ${origin.address})`;
  return { token, sessionId };
}

type SessionRow = {
  id: SessionId;
  account_id: AccountId;
  username: string;
  server_role: ServerRole;
  created_at: string;
  last_seen_at: string;
};

/** Whoever holds this token, or null: unknown, ended, expired and disabled all look the same. */
export async function findActor(app: SessionNeeds, token: string): Promise<Actor | null> {
  if (!tokenPattern.test(token)) return null;
  const [row] = await app.db.sql<SessionRow>`
    select s.id, s.account_id, a.username, a.server_role, s.created_at, s.last_seen_at
    from sessions s join accounts a on a.id = s.account_id
    where s.token_hash = ${sha256(token)} and s.ended_at is null and a.disabled_at is null`;
  if (!row || hasExpired(row, app.sessionLimits, app.clock.now())) return null;
  await touch(app, row);
  return { id: row.account_id, username: row.username, serverRole: row.server_role, sessionId: row.id };
}

/** Which of these sessions may go on. */
export async function filterLiveSessions(
  app: SessionNeeds,
  ids: readonly SessionId[],
): Promise<Set<SessionId>> {
  if (ids.length === 0) return new Set();
  const rows = await app.db.sql<SessionRow>`
    select s.id, s.account_id, a.username, a.server_role, s.created_at, s.last_seen_at
    from sessions s join accounts a on a.id = s.account_id
    where s.id = any(${app.db.sql.array(ids, "uuid")}) and s.ended_at is null and a.disabled_at is null`;
  const live = new Set(
    rows.filter((row) => !hasExpired(row, app.sessionLimits, app.clock.now())).map((row) => row.id),
  );
  if (live.size > 0) {
    // An open socket is use: a chat that stays open all day does not expire under its reader.
    await app.db.sql`update sessions set last_seen_at = greatest(last_seen_at, ${app.clock.now()})
      where id = any(${app.db.sql.array([...live], "uuid")})`;
  }
  return live;
}

/** Ends these sessions for good, and their sockets on every process. */
export async function endSessions(app: SessionNeeds, ids: readonly SessionId[]): Promise<void> {
  if (ids.length === 0) return;
  await app.db.sql`
    update sessions set ended_at = ${app.clock.now()}
    where id = any(${app.db.sql.array(ids, "uuid")}) and ended_at is null`;
  app.bus.publish({ kind: "sessions_ended", sessions: [...ids] });
}

/** Ends every session of an account. Returns which; whoever commits tells the bus. */
export async function markAllSessionsEnded(tx: Sql, accountId: AccountId, now: number): Promise<SessionId[]> {
  const rows = await tx<{ id: SessionId }>`
    update sessions set ended_at = ${now}
    where account_id = ${accountId} and ended_at is null
    returning id`;
  return rows.map((row) => row.id);
}

function hasExpired(row: SessionRow, limits: SessionLimits, now: number): boolean {
  const isPrivileged = row.server_role === "owner" || row.server_role === "admin";
  const idleMs = isPrivileged ? Math.min(limits.idleMs, privilegedIdleMs) : limits.idleMs;
  return now - Number(row.last_seen_at) > idleMs || now - Number(row.created_at) > limits.maxMs;
}

async function touch(app: SessionNeeds, row: SessionRow): Promise<void> {
  const now = app.clock.now();
  if (now - Number(row.last_seen_at) < touchEveryMs) return;
  await app.db.sql`update sessions set last_seen_at = ${now} where id = ${row.id}`;
}
