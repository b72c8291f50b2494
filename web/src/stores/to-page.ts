import type { TimelinePage } from "@novax/protocol/reads";
import type { RoomStore } from "./room-store.ts";

/** What is shown of the newest `limit` entries, as a page that a timeline can be filled with. Null if its end is not loaded. */
export function toPage(store: RoomStore, epoch: string, limit: number): TimelinePage | null {
  if (!store.hasLoaded.peek() || !store.isLive.peek()) return null;
  const all = store.entries.peek();
  const { afterSeq: headSeq, at } = store.position;
  return {
    epoch,
    headSeq,
    ...(at === undefined ? {} : { headAt: at }),
    entries: all.slice(-limit) as TimelinePage["entries"],
    hasBefore: all.length > limit || store.older.peek() !== "none",
    hasAfter: false,
    people: [],
    myVotes: { ...store.myVotes.peek() } as TimelinePage["myVotes"],
  };
}
