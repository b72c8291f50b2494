import type { Sql } from "../db/database.ts";

export async function replaceFilterWords(tx: Sql, words: readonly string[]): Promise<void> {
  await tx`delete from filter_words`;
  await tx`insert into filter_words (word) select unnest(${tx.array(words, "text")}) on conflict do nothing`;
}

export async function listFilterWords(sql: Sql): Promise<string[]> {
  const rows = await sql<{ word: string }>`select word from filter_words order by word`;
  return rows.map((row) => row.word);
}
