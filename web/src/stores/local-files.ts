type LocalFile = {
  blob: Blob;
  url: string;
  /** As it was picked, if it was changed since. */
  original: Blob;
};

/** Pictures just sent are shown from here for a while, so that they do not blink. */
const sentUrlsMax = 60;

/** The bytes of files that this page has, and an object URL for each, to show them before and just after they are sent. */
export class LocalFiles {
  readonly #files = new Map<string, LocalFile>();
  /** Of files that have arrived, by the server's id, the last one last. */
  readonly #sentUrls = new Map<string, string>();
  /** The server's ids of files that were sent, by their keys here. */
  readonly #sentAs = new Map<string, string>();
  readonly #createUrl: (blob: Blob) => string;
  readonly #revokeUrl: (url: string) => void;

  constructor(urls: { createUrl: (blob: Blob) => string; revokeUrl: (url: string) => void }) {
    this.#createUrl = urls.createUrl;
    this.#revokeUrl = urls.revokeUrl;
  }

  get(key: string): Readonly<LocalFile> | undefined {
    return this.#files.get(key);
  }

  /** Keeps bytes. Those that the key had before are the original. */
  put(key: string, blob: Blob): void {
    const before = this.#files.get(key);
    if (before) this.#revokeUrl(before.url);
    this.#files.set(key, { blob, url: this.#createUrl(blob), original: before?.original ?? blob });
  }

  /** The URL of a file, by its key here or its id on the server. Undefined if its bytes are not here. */
  urlOf(id: string): string | undefined {
    return this.#files.get(id)?.url ?? this.#sentUrls.get(this.idOf(id));
  }

  /** The server's id of a file that was shown by its key, if it was sent meanwhile. */
  idOf(id: string): string {
    return this.#sentAs.get(id) ?? id;
  }

  /** Drops the bytes. With the server's id of a file that was sent, its URL is kept for a while. */
  remove(key: string, sentAs: string | null): void {
    const file = this.#files.get(key);
    this.#files.delete(key);
    if (!file) return;
    if (sentAs === null) {
      this.#revokeUrl(file.url);
      return;
    }
    this.#sentUrls.set(sentAs, file.url);
    this.#sentAs.set(key, sentAs);
    const [oldest] = this.#sentUrls;
    if (this.#sentUrls.size <= sentUrlsMax || !oldest) return;
    this.#sentUrls.delete(oldest[0]);
    this.#revokeUrl(oldest[1]);
  }
}
