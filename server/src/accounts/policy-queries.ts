import type { RegistrationMode } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { Sql } from "../db/database.ts";
import type { FactorPolicy, Policy } from "./policy.ts";

export async function readPolicy(sql: Sql): Promise<Policy> {
  const [row] = await sql<{
    registration: RegistrationMode | null;
    factor_policy: FactorPolicy;
    allows_erasure: boolean;
    allows_passwords: boolean;
    server_name: string;
    server_icon: string;
    keep_days: number;
  }>`
    select registration, factor_policy, allows_erasure, allows_passwords, server_name, server_icon, keep_days from installation`;
  return {
    registration: row!.registration,
    factor: row!.factor_policy,
    allowsErasure: row!.allows_erasure,
    allowsPasswords: row!.allows_passwords,
    serverName: row!.server_name,
    serverIcon: row!.server_icon,
    keepDays: row!.keep_days,
  };
}

export async function writePolicy(tx: Sql, policy: Policy): Promise<void> {
  await tx`
    update installation
    set registration = ${policy.registration}, factor_policy = ${policy.factor}, allows_erasure = ${policy.allowsErasure},
      allows_passwords = ${policy.allowsPasswords}, server_name = ${policy.serverName}, server_icon = ${policy.serverIcon},
      keep_days = ${policy.keepDays}, keep_changed_at = case
        when keep_days = ${policy.keepDays} then keep_changed_at else (extract(epoch from now()) * 1000)::bigint end`;
}

export async function findServerPicture(sql: Sql): Promise<FileId | null> {
  const [row] = await sql<{ picture_id: FileId | null }>`select picture_id from installation`;
  return row?.picture_id ?? null;
}
