import type { ChatStore } from "../stores/chat-store.ts";

const awayAfterMs = 10 * 60_000;

/** Sends to the server when the viewer has not touched the page for ten minutes, and when they do again. */
export function reportWhenAway(chat: ChatStore): void {
  let isAway = false;
  let timer: ReturnType<typeof setTimeout>;
  const report = (now: boolean) => {
    isAway = now;
    void chat.client.request("presence.set", { isAway: now });
  };
  const touched = () => {
    clearTimeout(timer);
    timer = setTimeout(() => report(true), awayAfterMs);
    if (isAway) report(false);
  };
  for (const event of ["pointerdown", "keydown", "focus"]) addEventListener(event, touched);
  touched();
}
