import type { Account } from "../accounts/queries.ts";
import type { Clock } from "../lib/clock.ts";
import { plainDigits } from "../lib/digits.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Transaction } from "../transaction/transact.ts";
import { readTotp, useTotpStep } from "./factor-queries.ts";
import { usePasskey, type VerifiedPasskey } from "./passkey-queries.ts";
import { countRecoveryCodes } from "./recovery-code-queries.ts";
import { useRecoveryCode } from "./recovery-codes.ts";
import { findTotpStep } from "./totp.ts";

/** A second factor: a code as typed, or a passkey that has been verified. */
export type FactorAnswer = { kind: "code"; code: string } | { kind: "passkey"; passkey: VerifiedPasskey };

export type UsedFactor = "totp" | "recovery_code" | "passkey";

/**
 * Uses up a second factor of a locked account, in the same transaction as what it permits: a code never works twice,
 * and a code whose transaction fails is not used up. Returns null if the factor is not right.
 */
export async function useFactor(
  app: { clock: Clock; secret: ServerSecret },
  change: Transaction,
  account: Account,
  answer: FactorAnswer,
): Promise<UsedFactor | null> {
  const { sql } = change;
  if (answer.kind === "passkey") {
    const { passkey } = answer;
    return passkey.accountId === account.id && (await usePasskey(sql, passkey, app.clock.now()))
      ? "passkey"
      : null;
  }
  const digits = plainDigits(answer.code).replace(/[\s-]/g, "");
  if (/^\d{6}$/.test(digits)) return (await useTotpCode(app, change, account, digits)) ? "totp" : null;
  if (!(await useRecoveryCode(app, sql, { accountId: account.id, code: answer.code, now: app.clock.now() })))
    return null;
  const left = await countRecoveryCodes(sql, account.id);
  await change.notify(account, "recovery_code_used", (t) => t.codesLeft(left));
  return "recovery_code";
}

async function useTotpCode(
  app: { clock: Clock; secret: ServerSecret },
  { sql }: Transaction,
  account: Account,
  digits: string,
): Promise<boolean> {
  const totp = await readTotp(sql, account.id);
  const seed = totp && app.secret.open(totp.sealedSeed, totpContext(account.id));
  if (!seed) return false;
  const step = findTotpStep(seed, digits, app.clock.now(), { lastStep: totp.lastStep });
  return step !== null && (await useTotpStep(sql, account.id, step));
}

/** Binds a sealed seed to its account, so that it cannot be moved to another one. */
export function totpContext(accountId: string): string {
  return `totp:${accountId}`;
}
