import type { FileId, FileInfo } from "@novax/protocol/files";
import type { Actor } from "../auth/sessions.ts";
import { describeUpload } from "./describe-upload.ts";
import type { FileNeeds } from "./file-store.ts";
import type { StoredFile } from "./queries.ts";
import { type Received, Receiver } from "./receive-file.ts";

/** The uploads of this process. */
export class Uploads {
  readonly #app: FileNeeds;
  readonly #receiver: Receiver;
  readonly #describing = new Map<FileId, Promise<FileInfo>>();

  constructor(app: FileNeeds) {
    this.#app = app;
    this.#receiver = new Receiver(app);
  }

  /** As `Receiver.receive`. */
  receive(actor: Actor, id: FileId, received: Received): Promise<number> {
    return this.#receiver.receive(actor, id, received);
  }

  /** As `describeUpload`, once for all who ask at the same time. */
  describe(file: StoredFile): Promise<FileInfo> {
    if (file.details) return Promise.resolve(file.details);
    let running = this.#describing.get(file.id);
    if (!running) {
      running = describeUpload(this.#app, file).finally(() => this.#describing.delete(file.id));
      this.#describing.set(file.id, running);
    }
    return running;
  }
}
