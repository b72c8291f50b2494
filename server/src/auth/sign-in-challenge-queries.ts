import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/sha256.ts";

/** A sign-in that still needs its second factor. */
export type SignInChallenge = {
  accountId: AccountId;
  credentialsVersion: number;
  /** The first proof. */
  proof: "password" | "identity";
};

export const challengeMs = 10 * 60_000;
const failuresMax = 5;

/** Stores a challenge. Returns its token, for a cookie. */
export async function insertChallenge(
  app: { clock: Clock; random: Random },
  tx: Sql,
  challenge: SignInChallenge,
): Promise<string> {
  const now = app.clock.now();
  const token = app.random.token();
  await tx`delete from login_challenges where expires_at < ${now}`;
  await tx`
    insert into login_challenges (token_hash, account_id, credentials_version, proof, expires_at)
    values (${sha256(token)}, ${challenge.accountId}, ${challenge.credentialsVersion}, ${challenge.proof},
      ${now + challengeMs})`;
  return token;
}

/** The challenge with this token, while it may still be answered. */
export async function findChallenge(sql: Sql, token: string, now: number): Promise<SignInChallenge | null> {
  const [row] = await sql<{
    account_id: AccountId;
    credentials_version: number;
    proof: SignInChallenge["proof"];
  }>`
    select account_id, credentials_version, proof from login_challenges
    where token_hash = ${sha256(token)} and expires_at > ${now} and failures < ${failuresMax}`;
  return row
    ? { accountId: row.account_id, credentialsVersion: row.credentials_version, proof: row.proof }
    : null;
}

/**
 * Takes one of the five tries before the answer is checked, so that of fifty parallel answers only five are. Returns
 * which try it is, or null if none is left.
 */
export async function takeTry(sql: Sql, token: string, now: number): Promise<number | null> {
  const [row] = await sql<{ failures: number }>`
    update login_challenges set failures = failures + 1
    where token_hash = ${sha256(token)} and expires_at > ${now} and failures < ${failuresMax}
    returning failures`;
  return row?.failures ?? null;
}

/** Ends a challenge that was answered. Returns false if somebody else was first. */
export async function endChallenge(tx: Sql, token: string): Promise<boolean> {
  const rows = await tx`delete from login_challenges where token_hash = ${sha256(token)} returning 1`;
  return rows.length > 0;
}
