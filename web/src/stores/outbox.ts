import type { DraftFile, FileInfo } from "@novax/protocol/files";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ReplyOf, Request } from "../client/realtime-client.ts";
import type { Uploads } from "./uploads.ts";

/** A message to be sent, and the room or thread it goes into. */
export type OutboxDraft = {
  readonly room: RoomId;
  readonly text: string;
  /** The `seq` of the message that it quotes. */
  readonly replyTo?: number;
  /** The `seq` of the message whose thread it belongs to. */
  readonly threadRoot?: number;
  readonly mentionsEveryone?: boolean;
  /** Files that it waits for. */
  readonly files?: readonly PendingFile[];
};

/** A file of a message that is not sent yet: `key` is that of its upload, which is also its `id` until the server gives it one. */
export type PendingFile = FileInfo & { readonly key: string };

/** The uploads of this page. Null until their code is here. */
type FileSource = Pick<Uploads, "readyFiles" | "sent" | "discard" | "startAnew" | "retry">;

export type OutboxItem = OutboxDraft & {
  readonly sendId: SendId;
  readonly createdAt: number;
  /** `failed`: the server has refused it for good. It stays until the sender retries or discards it. */
  readonly state: { kind: "waiting" } | { kind: "failed"; detail: string; asks?: boolean };
};

/** Keeps unsent messages over a reload. It never throws. Without storage a message lasts as long as the page does. */
export type OutboxStorage = {
  readAll(): Promise<OutboxItem[]>;
  write(item: OutboxItem): Promise<void>;
  remove(sendId: SendId): Promise<void>;
};

type Link = { request: Request; reconnect(): void };

const retryAfterMs = 2000;
const acknowledgedWithinMs = 15_000;

/** A message on its way, and when it is taken for lost or tried again. */
type Flight = { readonly sendId: SendId; timer: ReturnType<typeof setTimeout> };

/**
 * Messages that the server has not acknowledged yet. They survive a reload. Those of a room are sent in the order in which they
 * were written, one at a time, and each is repeated under the same `sendId` until the server has it. A room that does not
 * answer keeps no other room waiting.
 */
export class Outbox {
  readonly #items = signal<readonly OutboxItem[]>([]);
  readonly #storage: OutboxStorage;
  readonly #link: Link;
  #uploads: FileSource | null = null;
  readonly #flights = new Map<RoomId, Flight>();
  #isReady = false;
  readonly #restoring = Promise.withResolvers<void>();

  constructor(storage: OutboxStorage, link: Link) {
    this.#storage = storage;
    this.#link = link;
  }

  get items(): ReadonlySignal<readonly OutboxItem[]> {
    return this.#items;
  }

  /** Resolves when the unsent messages of before a reload are here. */
  get restored(): Promise<void> {
    return this.#restoring.promise;
  }

  /** Lets messages with files be sent, from now on. */
  useUploads(uploads: FileSource): void {
    this.#uploads = uploads;
    this.#pump();
  }

  /** Sends what waited for its files. */
  filesChanged(): void {
    this.#pump();
  }

  /** Restores the messages that were unsent when the page was reloaded. */
  async restore(): Promise<void> {
    const stored = await this.#storage.readAll();
    const known = new Set(this.#items.value.map((item) => item.sendId));
    const restored = stored
      .filter((item) => !known.has(item.sendId))
      .sort((a, b) => a.createdAt - b.createdAt);
    this.#items.value = [...restored, ...this.#items.value];
    this.#restoring.resolve();
    this.#pump();
  }

  add(draft: OutboxDraft, now: number, sendId = crypto.randomUUID() as SendId): void {
    const item: OutboxItem = {
      ...draft,
      sendId,
      createdAt: now,
      state: { kind: "waiting" },
    };
    this.#items.value = [...this.#items.value, item];
    void this.#storage.write(item);
    this.#pump();
  }

  /** Starts sending. Called once the rooms are attached, so that the events that acknowledge messages arrive. */
  ready(): void {
    this.#isReady = true;
    this.#ground();
    this.#pump();
  }

  /** Sends the messages in flight again: their events may have been missed. Each is stored once. */
  resend(): void {
    if (this.#isReady) this.ready();
  }

  /** Stops sending, because the connection is gone. The messages in flight are sent again on the next connection. */
  interrupted(): void {
    this.#isReady = false;
    this.#ground();
  }

  #ground(): void {
    for (const { timer } of this.#flights.values()) clearTimeout(timer);
    this.#flights.clear();
  }

  /** Removes the messages that the server has stored, as its events or a reply say. */
  acknowledge(sendIds: ReadonlySet<SendId>): void {
    const done = this.#items.value.filter((item) => sendIds.has(item.sendId));
    if (done.length === 0) return;
    this.#items.value = this.#items.value.filter((item) => !sendIds.has(item.sendId));
    for (const item of done) void this.#storage.remove(item.sendId);
    this.#uploads?.sent(done.flatMap(keysOf));
    for (const item of done) this.#landed(item);
  }

  /**
   * Sends a failed message again. If the server asked whether everyone is meant to be mentioned, retrying confirms it.
   */
  retry(sendId: SendId): void {
    const item = this.#items.value.find((candidate) => candidate.sendId === sendId);
    this.#uploads?.retry(keysOf(item));
    const isMeant = item?.state.kind === "failed" && item.state.asks === true;
    this.#change(sendId, { kind: "waiting" }, isMeant ? { mentionsEveryone: true } : {});
    this.#pump();
  }

  discard(sendId: SendId): void {
    const item = this.#items.value.find((candidate) => candidate.sendId === sendId);
    if (item) this.#uploads?.discard(keysOf(item));
    this.#remove(sendId);
  }

  /**
   * Gives a message back that was not sent, to be changed. Its uploads go on. Null if it is on its way: then the server
   * may have it.
   */
  takeBack(sendId: SendId): OutboxItem | null {
    const item = this.#items.value.find((candidate) => candidate.sendId === sendId);
    if (!item || this.#flights.get(item.room)?.sendId === sendId) return null;
    this.#remove(sendId);
    return item;
  }

  #remove(sendId: SendId): void {
    this.#items.value = this.#items.value.filter((item) => item.sendId !== sendId);
    void this.#storage.remove(sendId);
  }

  #pump(): void {
    if (!this.#isReady) return;
    for (let found = this.#findNext(); found; found = this.#findNext()) this.#send(found);
  }

  #send({ next, files }: { next: OutboxItem; files: readonly DraftFile[] }): void {
    const timer = setTimeout(() => this.#link.reconnect(), acknowledgedWithinMs);
    this.#flights.set(next.room, { sendId: next.sendId, timer });
    void this.#link
      .request("message.send", {
        room: next.room,
        sendId: next.sendId,
        body: { kind: "text", text: next.text, ...(files.length > 0 ? { files: [...files] } : {}) },
        ...(next.replyTo === undefined ? {} : { replyTo: next.replyTo }),
        ...(next.threadRoot === undefined ? {} : { threadRoot: next.threadRoot }),
        ...(next.mentionsEveryone === undefined ? {} : { mentionsEveryone: next.mentionsEveryone }),
      })
      .then((reply) => this.#answered(next, reply));
  }

  /**
   * The first message that can be sent, of a room without one in flight. One whose files are still on their way waits, and lets those behind it go: a large
   * file may take an hour.
   */
  #findNext(): { next: OutboxItem; files: readonly DraftFile[] } | null {
    for (const next of this.#items.value) {
      if (next.state.kind !== "waiting" || this.#flights.has(next.room)) continue;
      const keys = keysOf(next);
      if (keys.length === 0) return { next, files: [] };
      const files = this.#uploads?.readyFiles(keys) ?? null;
      if (files === null) continue;
      if (!("failed" in files)) return { next, files };
      this.#change(next.sendId, { kind: "failed", detail: files.failed });
    }
    return null;
  }

  #answered({ room, sendId }: OutboxItem, reply: ReplyOf<"message.send"> | null): void {
    const flight = this.#flights.get(room);
    if (flight?.sendId !== sendId || reply === null) return;
    if (reply.ok) {
      this.acknowledge(new Set([sendId]));
      return;
    }
    const keys = keysOf(this.#items.value.find((item) => item.sendId === sendId));
    if (reply.code === "file_gone" && keys.length > 0 && this.#uploads) {
      // It waited so long that the server has deleted its files.
      this.#uploads.startAnew(keys);
      this.#landed({ room, sendId });
      return;
    }
    const isPassing =
      reply.code === "rate_limited" || reply.code === "unavailable" || reply.code === "internal";
    if (!isPassing) {
      const asks = reply.code === "confirmation_required";
      this.#change(sendId, { kind: "failed", detail: reply.detail, asks });
      this.#landed({ room, sendId });
      return;
    }
    clearTimeout(flight.timer);
    // It stays first in its room, so that no later message overtakes it.
    flight.timer = setTimeout(() => this.#landed({ room, sendId }), reply.retryInMs ?? retryAfterMs);
  }

  #landed({ room, sendId }: Pick<OutboxItem, "room" | "sendId">): void {
    const flight = this.#flights.get(room);
    if (flight?.sendId !== sendId) return;
    clearTimeout(flight.timer);
    this.#flights.delete(room);
    this.#pump();
  }

  #change(sendId: SendId, state: OutboxItem["state"], more: Partial<OutboxDraft> = {}): void {
    this.#items.value = this.#items.value.map((item) =>
      item.sendId === sendId ? { ...item, ...more, state } : item,
    );
    const changed = this.#items.value.find((item) => item.sendId === sendId);
    if (changed) void this.#storage.write(changed);
  }
}

function keysOf(item: OutboxItem | undefined): string[] {
  return item?.files?.map((file) => file.key) ?? [];
}
