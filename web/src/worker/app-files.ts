// The chat's own files on this device, and the page without data that opens where there is no connection.
import { shellPath } from "@novax/protocol/bootstrap";
import { hasKept } from "../storage/kept-mark.ts";
import { type FetchEvent, openPages, worker } from "./events.ts";

// Put in by the build: all files that the chat may load, the one that it starts with, and a name for all of them together.
declare const appFiles: readonly string[];
declare const appScript: string;
declare const appVersion: string;

const prefix = "app-";
const cacheName = `${prefix}${appVersion}`;
/** With messages on the device, a server that is slower than this is not waited for. */
const patienceMs = 1500;

export const isAppFile = (path: string) => path.startsWith("/assets/");
export const isChat = (path: string) => path === "/chat" || path.startsWith("/chat/");

/**
 * Takes all files of this version onto the device. Without them a first worker still shows notifications; one that would take
 * the place of another rejects, so that the other one goes on with the files that it has.
 */
export async function install(): Promise<void> {
  const isFirst = !(await caches.keys()).some((name) => name.startsWith(prefix));
  try {
    await keepApp();
  } catch (error) {
    await caches.delete(cacheName);
    if (!isFirst) throw error;
  }
}

async function keepApp(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll([shellPath, ...appFiles]);
}

/** Serves the pages that are open, and says which version there is. */
export async function announceVersion(): Promise<void> {
  await worker.clients.claim();
  for (const page of await openPages()) page.postMessage({ type: "version", script: appScript });
}

/** A file never changes: another version has another name. Those of an older version are here while a page uses them. */
export async function openAppFile(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

/** The chat from the server; where it can't be reached, or is slow and there is something to show, the page without data. */
export async function openChat(event: FetchEvent): Promise<Response> {
  const fromServer = fetch(event.request);
  // What comes too late is not used.
  fromServer.catch(() => {});
  const isKept = await hasKept();
  try {
    const response = await (isKept ? Promise.race([fromServer, later(patienceMs)]) : fromServer);
    if (response && !(isKept && isProxyAlone(response))) {
      event.waitUntil(tidy().catch(() => {}));
      return response;
    }
  } catch {
    // There is no connection.
  }
  return (await caches.match(shellPath, { cacheName })) ?? fromServer;
}

/** A proxy that answers for a server that is down or being restarted. */
const isProxyAlone = ({ status }: Response) => status >= 502 && status <= 504;

const later = (ms: number) => new Promise<null>((resolve) => setTimeout(() => resolve(null), ms));

/**
 * Takes the page without data anew, because the viewer may have another language or theme by now, and removes the files of
 * older versions once no page is open that could use them.
 */
async function tidy(): Promise<void> {
  const cache = await caches.open(cacheName);
  if ((await cache.keys()).length <= appFiles.length) await keepApp();
  if ((await openPages()).length === 0)
    for (const name of await caches.keys())
      if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
  const shell = await fetch(shellPath, { cache: "no-store" });
  // Of another version it would ask for files that are not here.
  if (shell.ok && (await shell.clone().text()).includes(appScript)) await cache.put(shellPath, shell);
}
