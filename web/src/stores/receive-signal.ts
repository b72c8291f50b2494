import { draftKey } from "@novax/protocol/draft-key";
import type { Signal } from "@novax/protocol/signals";
import { t } from "../texts/text.ts";
import type { Drafts } from "./drafts.ts";
import type { MeStore } from "./me-store.ts";
import type { NavigationStore } from "./navigation-store.ts";
import type { NoticeStore } from "./notice-store.ts";
import type { PeopleStore } from "./people-store.ts";
import type { ReadingStore } from "./reading-store.ts";
import type { RoomsStore } from "./rooms-store.ts";
import type { Toasts } from "./toasts.ts";

type Receivers = {
  me: MeStore;
  people: PeopleStore;
  rooms: RoomsStore;
  drafts: Drafts;
  notices: NoticeStore;
  toasts: Toasts;
  navigation: NavigationStore;
  reading: ReadingStore;
};

/** Applies a signal. A signal may be lost, so nothing depends on it alone (PROTOCOL.md, Q8). */
export function receiveSignal(stores: Receivers, signal: Signal): void {
  const { me, people, rooms, drafts, notices, toasts, navigation, reading } = stores;
  switch (signal.type) {
    case "presence":
      people.receivePresence(signal);
      return;
    case "typing":
      if (!me.isBlocked(signal.person.id)) people.receiveTyping(signal);
      return;
    case "read": {
      const { room, seq, unread, mentions } = signal;
      // Marked unread on another device: what is on the screen here isn't read by that.
      const isBack = seq < (rooms.get(room)?.readSeq ?? 0);
      if (isBack && navigation.current.peek() === room) reading.heldUnread = room;
      rooms.change(room, { readSeq: seq, unread, mentions });
      return;
    }
    case "mention":
      // A mention in a thread counts in the thread and not in the room.
      if (signal.threadRoot === undefined) rooms.receiveMention(signal.room, signal.seq);
      me.changed("mentions");
      return;
    case "preferences": {
      const { type: _, room, ...changed } = signal;
      // An accepted or ignored request is no news any more.
      if (rooms.get(room)?.isRequest) me.changed("inbox");
      rooms.change(room, changed);
      return;
    }
    case "draft":
      drafts.hear(draftKey(signal.room, signal.threadRoot ?? null), signal.text);
      return;
    case "notice":
      notices.hear(signal);
      return;
    case "reminder":
      me.changed("reminders");
      toasts.show(t.reminder.due(signal.note), {
        label: t.reminder.look,
        run: () => void navigation.openRoom(signal.room, signal.seq ?? undefined),
      });
      return;
    case "me.changed":
      me.changed(signal.part);
      // A mention was taken back. How many are left in which room, only the server knows.
      if (signal.part === "mentions") rooms.countAnew();
      return;
  }
}
