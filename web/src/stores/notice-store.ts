import type { NoticeSignal } from "@novax/protocol/signals";
import { signal } from "@preact/signals";

/** What happened to one's account: the newest thing while the chat is open, and how much was not looked at. */
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

  /** Takes the newest off the page; the account page still has it. */
  dismiss(): void {
    this.newest.value = null;
  }
}
