import { parseFileName } from "@novax/protocol/file-name";
import type { DraftFile, FileInfo } from "@novax/protocol/files";
import { filesPerMessageMax } from "@novax/protocol/limits";
import { type ReadonlySignal, signal } from "@preact/signals";
import { discardUpload, UploadRefused, type UploadRequest } from "../client/upload.ts";
import { LocalFiles } from "./local-files.ts";
import { type LocalFacts, type StoredUpload, toDraft, type Upload, type UploadState } from "./upload.ts";

/** Keeps uploads over a reload. It never throws. */
export type UploadStorage = {
  readAll(): Promise<{ upload: StoredUpload; blob: Blob; original: Blob | null }[]>;
  write(upload: StoredUpload): Promise<void>;
  /** `original`: as it was picked, if it was changed since. */
  writeBytes(key: string, blob: Blob, original: Blob | null): Promise<void>;
  remove(key: string): Promise<void>;
};

/** Finds out what a file is, and makes a picture smaller that would be refused. */
export type Prepare = (
  file: Blob,
  name: string,
) => Promise<{ blob: Blob; facts: LocalFacts; isScaled: boolean }>;

type Needs = {
  storage: UploadStorage;
  prepare: Prepare;
  /** An object URL for bytes of this page. */
  createUrl: (blob: Blob) => string;
  revokeUrl: (url: string) => void;
  /** Called when the files of a waiting message may be ready. */
  onChange: () => void;
  /** Takes an upload for this page; false if another page of the same browser has it. Held until `release`. */
  own: (key: string) => Promise<boolean>;
  release: (key: string) => void;
  send: (blob: Blob, request: UploadRequest) => Promise<FileInfo>;
};

const parallelMax = 3;

/** Uploads of this page: those of composers, and those of messages that wait for them. */
export class Uploads {
  readonly local: LocalFiles;
  readonly #items = signal<readonly Upload[]>([]);
  readonly #running = new Map<string, AbortController>();
  /** Those that another page of this browser is sending. */
  readonly #elsewhere = new Set<string>();
  readonly #app: Needs;
  #isRestored = false;

  constructor(app: Needs) {
    this.#app = app;
    this.local = new LocalFiles(app);
  }

  get items(): ReadonlySignal<readonly Upload[]> {
    return this.#items;
  }

  /**
   * Goes on with what was unfinished when the page was reloaded. Uploads for a place that is not wanted any more, such as a
   * message that was sent meanwhile, are forgotten; those of another page are left to it.
   */
  async restore(isWanted: (place: string, addedAt: number) => boolean): Promise<void> {
    const stored = await this.#app.storage.readAll();
    const known = new Set(this.#items.value.map((item) => item.key));
    const restored: Upload[] = [];
    for (const { upload, blob, original } of stored.sort((a, b) => a.upload.addedAt - b.upload.addedAt)) {
      const { isPaused, isPrepared, ...item } = upload;
      if (known.has(item.key)) continue;
      if (!(await this.#app.own(item.key))) {
        this.#elsewhere.add(item.key);
        continue;
      }
      if (!isWanted(item.place, item.addedAt)) {
        this.#app.release(item.key);
        void this.#app.storage.remove(item.key);
        continue;
      }
      if (original) this.local.put(item.key, original);
      this.local.put(item.key, blob);
      const state: Upload["state"] = isPaused
        ? { kind: "paused", sent: 0 }
        : { kind: isPrepared ? "waiting" : "preparing" };
      restored.push({ ...item, state });
    }
    this.#items.value = [...restored, ...this.#items.value];
    this.#isRestored = true;
    this.#pump();
    this.#app.onChange();
    for (const { key, state } of restored) if (state.kind === "preparing") await this.#prepare(key);
  }

  at(place: string): readonly Upload[] {
    return this.#items.value.filter((item) => item.place === place);
  }

  /**
   * Attaches files to a composer and begins to upload them. `has` is how many it has besides. Resolves with how many there
   * was no room for.
   */
  async attach(
    place: string,
    files: readonly File[],
    { has = 0, facts }: { has?: number; facts?: LocalFacts } = {},
  ): Promise<number> {
    const free = Math.max(0, filesPerMessageMax - has - this.at(place).length);
    const taken = files.slice(0, free);
    const added = taken.map((file, index): Upload => {
      const key = crypto.randomUUID();
      this.#keepBytes(key, file);
      void this.#app.own(key);
      return {
        ...{ key, place, name: parseFileName(file.name), size: file.size, alt: "", uploadId: null },
        ...{ isPlain: false, isScaled: false, addedAt: Date.now() + index },
        ...(facts ?? { kind: "file" as const }),
        state: { kind: facts ? "waiting" : "preparing" },
      };
    });
    this.#items.value = [...this.#items.value, ...added];
    for (const { key } of added) {
      if (facts) this.#change(key, {});
      else await this.#prepare(key);
    }
    this.#pump();
    return files.length - taken.length;
  }

  setAlt(key: string, alt: string): void {
    this.#change(key, { alt });
  }

  pause(key: string): void {
    const state = this.#find(key)?.state;
    if (state?.kind !== "uploading" && state?.kind !== "waiting") return;
    this.#stop(key);
    this.#change(key, { state: { kind: "paused", sent: state.kind === "uploading" ? state.sent : 0 } });
    this.#pump();
  }

  /** Goes on with one that was paused, or tries one again that failed. */
  resume(key: string): void {
    this.#change(key, { state: { kind: "waiting" } });
    this.#pump();
  }

  /** Sends a picture as it is, because it was refused or is not to be changed. */
  sendPlain(key: string): void {
    const item = this.#find(key);
    const local = this.local.get(key);
    if (!item || !local) return;
    this.#stop(key);
    if (item.uploadId) void discardUpload(item.uploadId);
    const { original } = local;
    this.#keepBytes(key, original);
    const asFile = { isPlain: true, isScaled: false, kind: "file", size: original.size } as const;
    this.#change(key, { ...asFile, uploadId: null, state: { kind: "waiting" } });
    this.#pump();
  }

  /** Removes files from a composer, or those of a message that will not be sent, and deletes what has arrived of them. */
  discard(keys: readonly string[]): void {
    for (const { key, uploadId } of this.#items.value)
      if (keys.includes(key) && uploadId) void discardUpload(uploadId);
    this.#forget(keys);
  }

  /** Moves the files of a composer to a message that is about to be sent. Returns them. */
  move(from: string, to: string): readonly Upload[] {
    for (const { key } of this.at(from)) this.#change(key, { place: to });
    return this.at(to);
  }

  /** The files of a message as it is sent: null while some are still on their way. `failed` says what was refused. */
  readyFiles(keys: readonly string[]): readonly DraftFile[] | null | { failed: string } {
    const files: DraftFile[] = [];
    for (const key of keys) {
      const item = this.#find(key);
      if (!item) return this.#isRestored && !this.#elsewhere.has(key) ? { failed: "" } : null;
      if (item.state.kind === "failed") return { failed: `${item.name}: ${item.state.detail}` };
      if (item.state.kind !== "done") return null;
      files.push(toDraft(item, item.state.file));
    }
    return files;
  }

  /** Tries those again that failed. */
  retry(keys: readonly string[]): void {
    for (const key of keys) if (this.#find(key)?.state.kind === "failed") this.resume(key);
  }

  /** The message was sent: its files are the server's now. */
  sent(keys: readonly string[]): void {
    this.#forget(keys);
  }

  /** The server has deleted them meanwhile. They are uploaded anew. */
  startAnew(keys: readonly string[]): void {
    for (const key of keys) this.#change(key, { uploadId: null, state: { kind: "waiting" } });
    this.#pump();
  }

  async #prepare(key: string): Promise<void> {
    const local = this.local.get(key);
    const item = this.#find(key);
    if (!local || !item) return;
    const { blob, facts, isScaled } = await this.#app.prepare(local.blob, item.name);
    // It may have been removed meanwhile, or is to be sent as it is.
    if (this.#find(key)?.state.kind !== "preparing") return;
    if (blob !== local.blob) this.#keepBytes(key, blob);
    this.#change(key, { ...facts, size: blob.size, isScaled, state: { kind: "waiting" } });
    this.#pump();
  }

  #pump(): void {
    const waiting = this.#items.value.filter(
      ({ key, state }) => state.kind === "waiting" && !this.#running.has(key),
    );
    for (const item of waiting.slice(0, Math.max(0, parallelMax - this.#running.size)))
      void this.#upload(item);
  }

  async #upload({ key, name, isPlain, uploadId }: Upload): Promise<void> {
    const stop = new AbortController();
    this.#running.set(key, stop);
    this.#change(key, { state: { kind: "uploading", sent: 0 } });
    const state = await this.#app
      .send(this.local.get(key)!.blob, {
        ...{ name, isPlain, uploadId, purpose: "message", signal: stop.signal },
        onBegun: (id) => {
          if (!stop.signal.aborted && this.#find(key)?.uploadId !== id) this.#change(key, { uploadId: id });
        },
        onProgress: (sent) => {
          if (!stop.signal.aborted) this.#set(key, { state: { kind: "uploading", sent } });
        },
      })
      .then(
        (file): UploadState => ({ kind: "done", file }),
        (error: unknown): UploadState =>
          error instanceof UploadRefused
            ? { kind: "failed", detail: error.message, code: error.code }
            : { kind: "failed", detail: "", code: "unknown" },
      );
    // It was paused or removed meanwhile.
    if (stop.signal.aborted) return;
    this.#running.delete(key);
    this.#change(key, state.kind === "failed" ? { state, uploadId: null } : { state });
    this.#app.onChange();
    this.#pump();
  }

  #find(key: string): Upload | undefined {
    return this.#items.value.find((item) => item.key === key);
  }

  #stop(key: string): void {
    this.#running.get(key)?.abort();
    this.#running.delete(key);
  }

  #forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#stop(key);
      const state = this.#find(key)?.state;
      this.local.remove(key, state?.kind === "done" ? state.file.id : null);
      this.#app.release(key);
      void this.#app.storage.remove(key);
    }
    this.#items.value = this.#items.value.filter((item) => !keys.includes(item.key));
    this.#pump();
  }

  /** Changes what is shown. */
  #set(key: string, more: Partial<Upload>): void {
    this.#items.value = this.#items.value.map((item) => (item.key === key ? { ...item, ...more } : item));
  }

  /** Changes what is shown and what is kept over a reload. */
  #change(key: string, more: Partial<Upload>): void {
    this.#set(key, more);
    const item = this.#find(key);
    if (!item) return;
    const { state, ...kept } = item;
    const isPrepared = state.kind !== "preparing";
    void this.#app.storage.write({ ...kept, isPaused: state.kind === "paused", isPrepared });
  }

  #keepBytes(key: string, blob: Blob): void {
    this.local.put(key, blob);
    const { original } = this.local.get(key)!;
    void this.#app.storage.writeBytes(key, blob, original === blob ? null : original);
  }
}
