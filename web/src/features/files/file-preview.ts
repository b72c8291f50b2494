import type { FileInfo } from "@novax/protocol/files";

/** Endings of files whose text can be shown. What they hold is shown as text, whatever it is. */
const readable = new Set(
  (
    "txt text md markdown log csv tsv json jsonl ndjson yaml yml toml ini cfg conf env xml html htm svg css scss less js mjs cjs " +
    "ts tsx jsx vue svelte py rb rs go java kt kts scala c h cc cpp hpp cs swift m mm php pl lua r jl sql sh bash zsh fish ps1 bat " +
    "diff patch dockerfile makefile cmake gradle tex bib srt vtt ics vcf proto graphql tf nix ex exs erl hs clj dart asm properties"
  ).split(" "),
);
const readableBytesMax = 2_000_000;
/** As much as is shown of it. */
const previewBytes = 64 * 1024;

/** Whether the beginning of a file can be shown as text. */
export function isReadable({ kind, name, size }: FileInfo): boolean {
  if (kind !== "file" || size > readableBytesMax) return false;
  const ending = name.toLowerCase().split(".").at(-1)!;
  return readable.has(ending);
}

/**
 * Reads the beginning of a file as text, from this page if it has its bytes. Null if it is no text. Rejects if the server
 * cannot be reached.
 */
export async function readText(
  file: FileInfo,
  local: Blob | undefined,
): Promise<{ text: string; isWhole: boolean } | null> {
  const bytes = await (local ? local.slice(0, previewBytes).arrayBuffer() : fetchBeginning(file));
  const isWhole = file.size <= bytes.byteLength;
  const text = new TextDecoder().decode(bytes, { stream: !isWhole });
  return text.includes("\0") ? null : { text, isWhole };
}

async function fetchBeginning({ id }: FileInfo): Promise<ArrayBuffer> {
  const range = `bytes=0-${previewBytes - 1}`;
  const response = await fetch(`/api/files/${id}`, { headers: { range } });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.arrayBuffer()).slice(0, previewBytes);
}
