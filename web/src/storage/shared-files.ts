// What another app on the device gave to novaX to send. The service worker puts it here, because the page is loaded anew
// by the system's share sheet; the page takes it from here. It is in no account: nobody has chosen one yet.
import { filesPerMessageMax } from "@novax/protocol/limits";

/** Where the share sheet sends it, as the web app manifest says. It never reaches the server. */
export const sharePath = "/chat/share";

export type Shared = { text: string; files: readonly File[] };

const cacheName = "shared";
/** It is for the person who is here now, not for the next one who uses this browser. */
const keptMs = 5 * 60_000;

/** Keeps what is shared: a form with `title`, `text`, `url` and `files`. */
export async function keepShared(form: FormData): Promise<void> {
  const text = toText(["title", "text", "url"].map((name) => String(form.get(name) ?? "")));
  const files = form
    .getAll("files")
    .filter((entry) => entry instanceof File)
    .slice(0, filesPerMessageMax);
  await caches.delete(cacheName);
  const cache = await caches.open(cacheName);
  const about = { at: Date.now(), text, names: files.map((file) => file.name) };
  for (const [index, file] of files.entries()) await cache.put(`${sharePath}/${index}`, new Response(file));
  // Last: without it the files are taken for nothing.
  await cache.put(sharePath, Response.json(about));
}

/** One text of several. What is in another one is left out: some apps put the address into the text as well. */
export function toText(parts: readonly string[]): string {
  const lines = [...new Set(parts.map((part) => part.trim()))];
  return lines
    .filter((line) => line !== "" && !lines.some((other) => other !== line && other.includes(line)))
    .join("\n");
}

/** Takes what was shared a moment ago. Null if there is nothing; what is older is deleted. */
export async function takeShared(): Promise<Shared | null> {
  // Not there without HTTPS.
  if (!("caches" in globalThis) || !(await caches.has(cacheName))) return null;
  const cache = await caches.open(cacheName);
  const kept = await cache.match(sharePath);
  const { at, text, names } = ((await kept?.json()) ?? { at: 0, text: "", names: [] }) as {
    at: number;
    text: string;
    names: string[];
  };
  const files: File[] = [];
  for (const [index, name] of names.entries()) {
    const bytes = await (await cache.match(`${sharePath}/${index}`))?.blob();
    if (bytes) files.push(new File([bytes], name, { type: bytes.type }));
  }
  await caches.delete(cacheName);
  return Math.abs(Date.now() - at) > keptMs || (text === "" && files.length === 0) ? null : { text, files };
}
