// Notifications on this device, as the browser and the server know of them.
import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { PushContent } from "@novax/protocol/push";
import { registerServiceWorker } from "../../lib/service-worker.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";

/** What this device does. `install`: only the installed app can, as on an iPhone. */
export type DeviceState =
  | { kind: "unsupported" | "install" | "blocked" | "off" }
  | { kind: "on"; content: PushContent; contentMax: PushContent };

type Wanted = { person: AccountId; content: PushContent };

const wantedKey = "push";

export async function readDevice(chat: ChatStore): Promise<DeviceState> {
  if (!("PushManager" in window)) return { kind: isIPhone() ? "install" : "unsupported" };
  if (Notification.permission === "denied") return { kind: "blocked" };
  const { device, contentMax } = await chat.api.read("me.push", {});
  const subscription = await (await registration())?.pushManager.getSubscription();
  if (!device || device.endpoint !== subscription?.endpoint) return { kind: "off" };
  return { kind: "on", content: device.content, contentMax };
}

/**
 * Asks the viewer for permission and subscribes this browser, or changes what its notifications say. Returns what the device
 * does then. Throws where the browser's push service can't be reached.
 */
export async function turnOn(chat: ChatStore, content: PushContent): Promise<DeviceState> {
  // Asked at once, or the browser no longer takes it for the viewer's own wish.
  if ((await Notification.requestPermission()) !== "granted")
    return { kind: Notification.permission === "denied" ? "blocked" : "off" };
  // A refusal has been shown, and what was before stays.
  if (!(await chat.command("push.subscribe", await subscribe(chat, content)))) return readDevice(chat);
  remember({ person: chat.you.id, content });
  return readDevice(chat);
}

export async function turnOff(chat: ChatStore): Promise<DeviceState> {
  remember(null);
  await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
  await chat.command("push.unsubscribe", {});
  return { kind: "off" };
}

/**
 * Subscribes again where the viewer wants notifications here and the server has another address for this browser, or none:
 * after a new sign-in, or when the browser changed its address. What somebody else wanted in this browser ends, so that
 * their messages are not shown to the viewer.
 */
async function keepSubscribed(chat: ChatStore): Promise<void> {
  if (!("PushManager" in window) || Notification.permission !== "granted") return;
  const wanted = recall();
  const state = await readDevice(chat);
  if (state.kind !== "off") return;
  // The viewer did nothing just now, so a refusal is not shown.
  if (wanted?.person === chat.you.id)
    await chat.client.request("push.subscribe", await subscribe(chat, wanted.content));
  else await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
}

/** Does what a page has to do with the notifications of this device while it is open. */
export function startNotifications(chat: ChatStore, ui: UiStore): void {
  openFromNotifications(chat, ui);
  clearWhenRead(chat);
  // It is tried again at the next start.
  keepSubscribed(chat).catch(() => {});
}

/** Opens what the viewer chooses among the notifications, in this page. */
function openFromNotifications(chat: ChatStore, ui: UiStore): void {
  navigator.serviceWorker?.addEventListener(
    "message",
    ({ data }: MessageEvent<{ type?: string; url?: string }>) => {
      if (data.type !== "open") return;
      const url = new URL(data.url ?? "/", location.href);
      const [, room, seq] = /^\/chat\/([^/]+)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
      if (!room || url.origin !== location.origin) return;
      // Of a room that this page does not know yet.
      if (!chat.rooms.get(room as RoomId)) {
        location.assign(url);
        return;
      }
      ui.close();
      const state = seq === undefined ? { room } : { room, seq: Number(seq) };
      history.pushState(state, "", url.pathname);
      dispatchEvent(new PopStateEvent("popstate", { state }));
    },
  );
}

/** Takes a room's notification away once the viewer reads the room. */
function clearWhenRead(chat: ChatStore): void {
  const clear = async (room: RoomId) => {
    const shown = (await (await registration())?.getNotifications({ tag: room })) ?? [];
    for (const notification of shown) notification.close();
  };
  chat.navigation.current.subscribe((room) => {
    if (room && chat.reading.isAttended.peek()) void clear(room);
  });
  chat.reading.isAttended.subscribe((isAttended) => {
    const room = chat.navigation.current.peek();
    if (room && isAttended) void clear(room);
  });
}

/** Subscribes this browser at its push service. Returns what the server needs to know of it. */
async function subscribe(chat: ChatStore, content: PushContent): Promise<FieldsOf<"push.subscribe">> {
  await registerServiceWorker();
  const { pushManager } = await navigator.serviceWorker.ready;
  const { publicKey } = await chat.api.read("me.push", {});
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  // One that was made with another key, of an earlier server at this address, has to go first.
  const subscription = await pushManager.subscribe(options).catch(async () => {
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(options);
  });
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys!;
  return { endpoint: endpoint!, p256dh: p256dh!, auth: auth!, content };
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return navigator.serviceWorker?.getRegistration();
}

function recall(): Wanted | null {
  try {
    return JSON.parse(localStorage.getItem(wantedKey) ?? "null") as Wanted | null;
  } catch {
    return null;
  }
}

function remember(wanted: Wanted | null): void {
  try {
    if (wanted) localStorage.setItem(wantedKey, JSON.stringify(wanted));
    else localStorage.removeItem(wantedKey);
  } catch {
    // It lasts as long as the session does.
  }
}

function isIPhone(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) ||
    (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1)
  );
}
