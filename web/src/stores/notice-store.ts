import type { NoticeSignal } from "@novax/protocol/signals";
import { signal } from "@preact/signals";

/** Notices about the viewer's account: the newest one while the chat is open, and how many are unseen. */
export class NoticeStore {
  readonly newest = signal<NoticeSignal | null>(null);
  readonly unseenCount = signal(0);

  constructor(unseenCount: number) {
    this.unseenCount.value = unseenCount;
  }

  hear(notice: NoticeSignal): void {
    this.newest.value = notice;
    this.unseenCount.value += 1;
  }

  /** Takes the newest notice off the page. The account page still lists it. */
  dismiss(): void {
    this.newest.value = null;
  }
}
