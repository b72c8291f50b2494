import type { Sql } from "../db/database.ts";

/**
 * Returns the cost of password hashes that this installation has agreed on. The first process that asks decides: what `measure`
 * returns, or more if stored hashes have more.
 */
export async function agreeOnCost(sql: Sql, measure: () => Promise<number>): Promise<number> {
  const [row] = await sql<{ agreed: number | null; stored: number | null }>`
    select bcrypt_cost::int as agreed, (
      select max(substring(password_hash from '^[$]2[aby][$]([0-9]{2})[$]')::int) from accounts
    ) as stored
    from installation`;
  if (row!.agreed !== null) return row!.agreed;
  const cost = Math.max(await measure(), row!.stored ?? 0);
  const [decided] = await sql<{ agreed: number }>`
    update installation set bcrypt_cost = coalesce(bcrypt_cost, ${cost}) returning bcrypt_cost::int as agreed`;
  return decided!.agreed;
}
