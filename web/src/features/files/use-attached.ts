import type { MessageEntry } from "@novax/protocol/apply-event";
import type { DraftFile, FileId, FileInfo } from "@novax/protocol/files";
import type { SendId } from "@novax/protocol/ids";
import { filesOf } from "@novax/protocol/text";
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { PendingFile } from "../../stores/outbox.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import type { LocalFacts, Upload } from "../../stores/upload.ts";
import { t } from "../../texts/text.ts";

/** What the files of an unfinished message are attached to. */
export function placeOfDraft({ id, threadRoot }: Pick<RoomStore, "id" | "threadRoot">): string {
  return `draft ${id} ${threadRoot ?? ""}`;
}

/** What the files of a message that waits to be sent are attached to. */
export function placeOfSent(sendId: SendId): string {
  return `sent ${sendId}`;
}

/** The files of a composer: those attached to a new message, or those of the message that is being edited. */
export function useAttached(chat: ChatStore, store: RoomStore, editing: MessageEntry | null) {
  const place = editing ? `edit ${store.id} ${editing.seq}` : placeOfDraft(store);
  /** Of the message that is being edited: its files that the viewer took out. */
  const removed = useSignal<readonly string[]>([]);
  /** And what the viewer wrote about those that stay. */
  const described = useSignal<Record<string, string>>({});
  const alts = described.value;
  // The next edit begins with the message as it is then.
  useEffect(() => {
    removed.value = [];
    described.value = {};
  }, [place]);
  const before = editing ? filesOf(editing.body) : [];
  const kept = before
    .filter((file) => !removed.value.includes(file.id))
    .map((file) => (file.id in alts ? withAlt(file, alts[file.id]!) : file));
  // As one text, so that progress does not draw the whole conversation again.
  const summary = useComputed(() => {
    const items = chat.uploads.value?.items.value ?? [];
    const counts: Record<string, { count: number; isHeld: boolean }> = {};
    for (const item of items) {
      const known = counts[item.place] ?? { count: 0, isHeld: false };
      counts[item.place] = { count: known.count + 1, isHeld: known.isHeld || item.state.kind === "failed" };
    }
    return JSON.stringify(counts);
  });
  const { count = 0, isHeld = false } =
    (JSON.parse(summary.value) as Record<string, { count: number; isHeld: boolean }>)[place] ?? {};

  return {
    attached: { place, kept, count: count + kept.length, isHeld },
    attach: (files: readonly File[], facts?: LocalFacts) => {
      const uploads = chat.uploads.peek();
      // Its code could not be loaded yet.
      if (!uploads) chat.toasts.show(t.errors.offline);
      else
        void uploads.attach(place, files, { has: kept.length, ...(facts && { facts }) }).then((left) => {
          if (left > 0) chat.toasts.show(t.files.tooMany(left));
        });
    },
    removeKept: (id: string) => {
      removed.value = [...removed.value, id];
    },
    describeKept: (id: string, alt: string) => {
      described.value = { ...alts, [id]: alt };
    },
    /** The files that an edited message has from now on: null if they are as they were. */
    changed: (): DraftFile[] | "waiting" | null => {
      const uploads = chat.uploads.peek();
      const keys = (uploads?.at(place) ?? []).map((item) => item.key);
      const added = uploads?.readyFiles(keys) ?? [];
      if (added === null || "failed" in added) return "waiting";
      const isDescribed = kept.some(({ id, alt }) => before.find((file) => file.id === id)?.alt !== alt);
      if (added.length === 0 && kept.length === before.length && !isDescribed) return null;
      return [...kept.map(toDraft), ...added];
    },
    /** The edit was given up: what was added in it goes. */
    cancelled: () => {
      const uploads = chat.uploads.peek();
      if (editing) uploads?.discard(uploads.at(place).map((item) => item.key));
    },
    /** The edit was saved. */
    saved: () => {
      const uploads = chat.uploads.peek();
      uploads?.sent(uploads.at(place).map((item) => item.key));
    },
    /** Takes the files for a message that is about to be sent. */
    take: (sendId: SendId): PendingFile[] => {
      const uploads = chat.uploads.peek();
      const moved = uploads?.move(place, placeOfSent(sendId)) ?? [];
      // Who sends a message wants its files to arrive.
      for (const { key, state } of moved) if (state.kind === "paused") uploads!.resume(key);
      return moved.map(toPending);
    },
  };
}

function withAlt({ alt: _before, ...file }: FileInfo, alt: string): FileInfo {
  return alt === "" ? file : { ...file, alt };
}

function toDraft({ id, alt }: FileInfo): DraftFile {
  return alt === undefined ? { id } : { id, alt };
}

/** As it is shown before the server has described it. */
function toPending({ key, kind, name, size, width, height, durationMs, peaks }: Upload): PendingFile {
  return {
    ...{ key, id: key as FileId, kind, name, size, type: "" },
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(peaks === undefined ? {} : { peaks }),
  };
}
