import type { Epoch } from "@novax/protocol/ids";
import type { Sql } from "./database.ts";

/** Positions of one epoch mean nothing in another; see `ids.ts` of the protocol. */
export async function readEpoch(sql: Sql): Promise<Epoch> {
  const [row] = await sql<{ epoch: Epoch }>`select epoch from installation`;
  return row!.epoch;
}
