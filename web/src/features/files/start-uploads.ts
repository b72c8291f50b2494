import { openStorage } from "../../storage/database.ts";
import { createUploadStorage } from "../../storage/upload-storage.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { Uploads } from "../../stores/uploads.ts";
import { makePoster, prepareFile } from "./prepare-file.ts";

/** Makes the uploads of this page, goes on with those of before a reload, and lets messages with files be sent. */
export function startUploads(chat: ChatStore): void {
  if (chat.uploads.peek()) return;
  const uploads = new Uploads({
    storage: createUploadStorage(openStorage(chat.you.id)),
    prepare: prepareFile,
    makePoster,
    createUrl: (blob) => URL.createObjectURL(blob),
    revokeUrl: (url) => URL.revokeObjectURL(url),
    onChange: () => chat.outbox.filesChanged(),
  });
  chat.uploads.value = uploads;
  chat.outbox.useUploads(uploads);
  void uploads.restore();
}
