import type { RegistrationMode } from "@novax/protocol/entities";
import type { Sql } from "../db/database.ts";
import type { FactorPolicy, Policy } from "./policy.ts";

export async function readPolicy(sql: Sql): Promise<Policy> {
  const [row] = await sql<{
    registration: RegistrationMode | null;
    factor_policy: FactorPolicy;
    allows_erasure: boolean;
  }>`
    select registration, factor_policy, allows_erasure from installation`;
  return { registration: row!.registration, factor: row!.factor_policy, allowsErasure: row!.allows_erasure };
}

export async function writePolicy(tx: Sql, policy: Policy): Promise<void> {
  await tx`
    update installation
    set registration = ${policy.registration}, factor_policy = ${policy.factor}, allows_erasure = ${policy.allowsErasure}`;
}
