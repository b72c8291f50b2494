import type { Sql } from "../db/database.ts";

const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;

/** Deletes what can no longer matter: an old ended session is refused exactly like an unknown one. */
export async function pruneAccounts(sql: Sql, now: number): Promise<void> {
  await sql`delete from sessions where ended_at < ${now - 30 * dayMs} or last_seen_at < ${now - yearMs}`;
  await sql`delete from known_devices where last_seen_at < ${now - yearMs}`;
  await sql`delete from verification_mails where sent_at < ${now - dayMs}`;
  await sql`delete from notices where at < ${now - yearMs}`;
  await sql`delete from reserved_usernames where until < ${now}`;
  await sql`delete from invites where expires_at < ${now - yearMs}`;
}
