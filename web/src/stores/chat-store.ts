import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import { typingSendEveryMs } from "@novax/protocol/limits";
import { batch, computed, signal } from "@preact/signals";
import { fetchEvents, isSignedIn } from "../client/api.ts";
import { RealtimeClient, type RealtimeListener } from "../client/realtime-client.ts";
import { NoticeStore } from "./notice-store.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { PeopleStore } from "./people-store.ts";
import { RoomStore } from "./room-store.ts";
import { layOutRows } from "./rows.ts";

/** The open chat: the connection, the room, what is on its way, and who is here. */
export class ChatStore {
  readonly you: Person;
  readonly room: RoomStore;
  readonly people: PeopleStore;
  readonly outbox: Outbox;
  readonly notices: NoticeStore;
  readonly client: RealtimeClient;
  /** Whether somebody is looking: the window has focus and is visible. */
  readonly isAttended = signal(true);
  readonly #schedule: (job: () => void) => void;
  /** Whether the end of the list is in view; then the oldest may go. */
  isFollowing = true;
  #typingSentAt = 0;
  #isSigningOut = false;
  /** How far the server knows that one has read. */
  #toldReadSeq: number;
  #arrived: RoomEvent[] = [];

  /** `schedule` runs a job before the next frame is drawn: whatever arrives until then is drawn in one go. */
  constructor(
    bootstrap: Bootstrap,
    options: { socketUrl: string; outboxStorage: OutboxStorage; schedule: (job: () => void) => void },
  ) {
    this.#schedule = options.schedule;
    this.you = bootstrap.you;
    this.room = new RoomStore(bootstrap, bootstrap.rooms[0]!, fetchEvents);
    this.people = new PeopleStore(bootstrap.you);
    this.notices = new NoticeStore(bootstrap.unseenNotices);
    this.client = new RealtimeClient(options.socketUrl, this.#listen(), isSignedIn);
    this.#toldReadSeq = this.room.readSeq.value;
    this.outbox = new Outbox(options.outboxStorage, this.client);
  }

  readonly rows = computed(() =>
    layOutRows({
      timeline: this.room.snapshot.value.timeline,
      pending: this.outbox.items.value.filter((item) => item.room === this.room.id),
      you: this.you,
      dividerSeq: this.room.dividerSeq.value,
      isAtStart: this.room.older.value === "start",
    }),
  );

  start(): void {
    this.client.state.subscribe((state) => {
      if (state.kind !== "open") this.outbox.interrupted();
      if (state.kind === "ended" && state.reason === "signed_out" && !this.#isSigningOut)
        location.assign("/");
    });
    this.client.connect();
    void this.outbox.restore();
  }

  /**
   * The form that signs out is on its way. Its session ends before its answer is here; whoever went elsewhere then would
   * break the answer off, and with it the order to forget what this browser kept.
   */
  signingOut(): void {
    this.#isSigningOut = true;
  }

  send(text: string): void {
    this.room.clearDivider();
    this.#typingSentAt = 0;
    this.outbox.add(this.room.id, text, Date.now());
  }

  /** Says that something is being typed, at most every few seconds. */
  typed(): void {
    const now = Date.now();
    if (now - this.#typingSentAt < typingSendEveryMs) return;
    this.#typingSentAt = now;
    void this.client.request({ type: "typing.start", room: this.room.id });
  }

  markRead(seq: number): void {
    if (this.room.markRead(seq)) void this.#tellRead();
  }

  /** Somebody looks, or no longer does. Whoever leaves with nothing unread finds no old line when they come back. */
  setAttended(isAttended: boolean): void {
    this.isAttended.value = isAttended;
    if (!isAttended && this.room.unreadCount.peek() === 0) this.room.clearDivider();
  }

  async #tellRead(): Promise<void> {
    const seq = this.room.readSeq.peek();
    if (seq <= this.#toldReadSeq) return;
    const reply = await this.client.request({ type: "room.mark_read", room: this.room.id, seq });
    // Without a reply it is told again on the next connection.
    if (reply?.ok) this.#toldReadSeq = Math.max(this.#toldReadSeq, seq);
  }

  #listen(): RealtimeListener {
    return {
      onHello: () => void this.#attach(),
      onEvents: (frame) => {
        if (this.#arrived.length === 0) this.#schedule(() => this.#applyArrived());
        this.#arrived.push(...frame.events);
      },
      onResync: (frame) => void this.#resync(frame.epoch),
      onLeft: () => location.reload(),
      onSignal: (passing) => {
        if (passing.type === "presence") this.people.hearPresence(passing);
        if (passing.type === "typing") this.people.hearTyping(passing);
        if (passing.type === "read") this.room.markRead(passing.seq);
        if (passing.type === "notice") this.notices.hear(passing);
      },
    };
  }

  async #attach(): Promise<void> {
    const reply = await this.client.request({
      type: "room.attach",
      room: this.room.id,
      ...this.room.position,
    });
    if (reply?.ok) {
      this.outbox.ready();
      void this.#tellRead();
    } else if (reply?.code === "not_found") location.reload();
    else if (reply) setTimeout(() => this.client.reconnect(), reply.retryInMs ?? 2000);
  }

  #applyArrived(): void {
    const events = this.#arrived;
    this.#arrived = [];
    const isAttended = this.isAttended.peek();
    const hadUnread = this.room.unreadCount.peek() > 0;
    batch(() => {
      if (!this.room.apply(events)) {
        // Something is missing: a new connection resumes from what is here.
        this.client.reconnect();
        return;
      }
      const sent = events.filter((event) => event.type === "message.sent");
      for (const event of sent) this.people.stopTyping(event.actor.id);
      const own = sent.filter((event) => event.actor.id === this.you.id);
      this.outbox.acknowledge(new Set(own.map((event) => event.sendId)));
      if (!isAttended) {
        // The line belongs before what nobody has seen, not where this morning's was.
        if (!hadUnread) this.room.clearDivider();
        this.room.startDivider();
      }
      if (this.isFollowing) this.room.trim();
    });
  }

  async #resync(epoch: string): Promise<void> {
    // Another epoch is another history: nothing that is here may be kept.
    if (epoch !== this.room.position.epoch) {
      location.reload();
      return;
    }
    this.#arrived = [];
    try {
      if (await this.room.reload()) return;
    } catch {
      // Tried again with the next connection.
    }
    setTimeout(() => this.client.reconnect(), 2000);
  }
}
