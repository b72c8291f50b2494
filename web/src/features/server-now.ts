import type { ChatStore } from "../stores/chat-store.ts";

/** The server's time in ms since 1970, whatever this device's clock says. Times for the server are counted from it. */
export function serverNow({ aheadMs }: Pick<ChatStore, "aheadMs">): number {
  return Date.now() + aheadMs;
}
