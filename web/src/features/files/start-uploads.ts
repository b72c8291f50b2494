import { openStorage } from "../../storage/database.ts";
import { createUploadStorage } from "../../storage/upload-storage.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { Uploads } from "../../stores/uploads.ts";
import { prepareFile } from "./prepare-file.ts";
import { sendFile } from "./send-file.ts";

/** Files of an edit that was never saved. */
const editKeptMs = 24 * 3_600_000;

/** Makes the uploads of this page, goes on with those of before a reload, and lets messages with files be sent. */
export async function startUploads(chat: ChatStore): Promise<void> {
  if (chat.uploads.peek()) return;
  const uploads = new Uploads({
    ...createLocks(chat.you.id),
    storage: createUploadStorage(openStorage(chat.you.id)),
    prepare: prepareFile,
    send: sendFile,
    createUrl: (blob) => URL.createObjectURL(blob),
    revokeUrl: (url) => URL.revokeObjectURL(url),
    onChange: () => chat.outbox.filesChanged(),
  });
  chat.uploads.value = uploads;
  chat.outbox.useUploads(uploads);
  await chat.outbox.restored;
  await uploads.restore((place, addedAt) => {
    const sendId = /^sent (.+)$/.exec(place)?.[1];
    if (sendId !== undefined) return chat.outbox.items.peek().some((item) => item.sendId === sendId);
    return !place.startsWith("edit ") || Date.now() - addedAt < editKeptMs;
  });
}

/** One page at a time sends an upload. The browser frees its lock when the page closes, however it does. */
function createLocks(account: string) {
  const held = new Map<string, () => void>();
  return {
    own: (key: string): Promise<boolean> =>
      new Promise((decide) => {
        // Browsers without locks are as they were before: two pages may send the same, and the server takes it once.
        if (!navigator.locks) return decide(true);
        navigator.locks
          .request(`upload ${account} ${key}`, { ifAvailable: true }, (lock) => {
            decide(lock !== null);
            return lock === null ? undefined : new Promise<void>((release) => held.set(key, release));
          })
          .catch(() => decide(true));
      }),
    release: (key: string) => {
      held.get(key)?.();
      held.delete(key);
    },
  };
}
