import { z } from "zod";
import { BackupUnusable } from "./archive.ts";

/** The first entry of a backup. */
export const manifestName = "backup.json";
/** The last entry before the hashes. */
export const summaryName = "summary.json";
export const secretName = "secret.key.age";

export const manifestSchema = z.object({
  format: z.literal("novax-backup"),
  /** Of this format. A newer one is refused. */
  version: z.literal(1),
  novax: z.string(),
  createdAt: z.iso.datetime(),
  /** Which history the positions in it belong to. A restored server has a new one. */
  epoch: z.string(),
  database: z.enum(["embedded", "postgres"]),
  /** The schema of its tables, as the migrations that made it. */
  migrations: z.array(z.string()),
  /** False: it has the tables only, and belongs to files that are elsewhere. */
  hasFiles: z.boolean(),
  hasSecret: z.boolean(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const summarySchema = z.object({
  /** By name: how many rows it has, and their digest, which is the same in whichever order they are read. */
  tables: z.record(z.string(), z.object({ rows: z.number(), digest: z.string() })),
  /** `missing`: pieces of files that the database names, and that were not where files are. */
  files: z.object({ count: z.number(), bytes: z.number(), missing: z.array(z.string()).default([]) }),
});
export type Summary = z.infer<typeof summarySchema>;

/** Reads an entry that is JSON. Throws {@link BackupUnusable} if it isn't what it should be. */
export function parseEntry<T>(name: string, schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BackupUnusable(`${name} in the backup isn't JSON`);
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format === "novax-backup" && typeof version === "number" && version > 1)
    throw new BackupUnusable("the backup was made by a newer novaX; use that version, or a newer one");
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new BackupUnusable(`${name} in the backup isn't valid: ${issue.path.join(".")}: ${issue.message}`);
  }
  return parsed.data;
}

/** The digest of rows that are added one after the other: of the same rows the same, in any order. */
export class RowDigest {
  #sum = 0n;
  rows = 0;

  add(lines: readonly string[]): void {
    for (const line of lines) this.#sum += Bun.hash.xxHash64(line);
    this.rows += lines.length;
  }

  get value(): { rows: number; digest: string } {
    return { rows: this.rows, digest: (this.#sum & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, "0") };
  }
}
