// Notifications: what a push shows, and what choosing it does.
import type { PushMessage } from "@novax/protocol/push";
import { type NotificationEvent, openPages, type PushEvent, worker } from "./events.ts";

/** Shows a push. Every one has to show something: browsers end the subscription of who shows nothing. */
export function showPush(event: PushEvent): void {
  const { title, body, navigate, tag, lang, actions } = readPush(event);
  // Without `renotify` a newer message would take the place of the last one without a sound.
  const options = { body, tag, lang, actions, renotify: true, icon: "/icon.svg", data: navigate };
  event.waitUntil(worker.registration.showNotification(title, options));
  event.waitUntil(markIcon().catch(() => {}));
}

/** Marks the app's icon, while no page is open that says how much there is. */
async function markIcon(): Promise<void> {
  if ("setAppBadge" in navigator && (await openPages()).length === 0) await navigator.setAppBadge();
}

/** What a message says. One that can't be read says that there is something. */
function readPush({ data }: PushEvent): PushMessage["notification"] {
  try {
    return (data!.json() as PushMessage).notification;
  } catch {
    const navigate = new URL("/chat", location.href).href;
    return { title: "novaX", body: "", navigate, tag: "unreadable", lang: "en", actions: [] };
  }
}

/** Does what a notification is for, or the button of it that was chosen. */
export function choose(event: NotificationEvent): void {
  const { action, notification } = event;
  notification.close();
  event.waitUntil(action === "read" ? markRead(notification.data) : openPage(notification.data));
}

/** Shows the address in a page of the chat that is open, or in a new one. */
async function openPage(url: string): Promise<void> {
  const pages = await openPages();
  const page = pages.find((candidate) => new URL(candidate.url).pathname.startsWith("/chat"));
  if (!page) {
    await worker.clients.openWindow(url);
    return;
  }
  page.postMessage({ type: "open", url });
  await page.focus();
}

/** Marks the room as read up to the message of this address. A session that has ended opens it instead, to sign in. */
async function markRead(url: string): Promise<void> {
  const [, , room, seq] = new URL(url).pathname.split("/");
  const response = await fetch("/api/commands/room.mark_read", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ room, seq: Number(seq) }),
  });
  if (response.status === 401) await worker.clients.openWindow(url);
}
