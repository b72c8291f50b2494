// Says to the service worker, which cannot open what is kept, that there is something. It lasts as long as that.
const name = "kept";

export const hasKept = (): Promise<boolean> => caches.has(name);

export async function markKept(): Promise<void> {
  await caches.open(name);
}

export async function unmarkKept(): Promise<void> {
  // Not there without HTTPS.
  if ("caches" in globalThis) await caches.delete(name);
}
