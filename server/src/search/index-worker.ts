// The thread of the index. In the main thread, every search and every batch of messages would hold up all sockets.
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { IndexDatabase, type IndexPosition } from "./index-database.ts";
import { emptyUnusedFiles, isDamaged, openFreeFile, removeFile } from "./index-file.ts";
import type { IndexQuery, IndexResult } from "./index-parts.ts";
import { type MatchRequest, type MatchResult, matchMessages } from "./match-messages.ts";
import { readBatch } from "./read-batch.ts";

declare const self: Worker;

/**
 * Each is answered by one message with the same `id`, in any order. `processes`: how many of this machine have files in the
 * folder.
 */
export type ToIndex = { id: number } & (
  | { kind: "open"; folder: string; epoch: string; processes: number }
  /** `batch` is what `readChanges` read, unparsed: parsing it is work for this thread. */
  | { kind: "apply"; batch: string }
  /** Answered with whether that was all; until then it has to be asked again. */
  | { kind: "forget_room"; room: RoomId }
  | { kind: "erase_sender"; sender: AccountId }
  | { kind: "search"; query: IndexQuery }
  | { kind: "match"; request: MatchRequest }
  | { kind: "reset"; epoch: string }
  | { kind: "close" }
);
export type Opened = { positions: IndexPosition[]; erased: AccountId[]; messages: number; words: number };
/** Where each room of a batch is indexed to now; `stale` are rooms whose log is another one. `messages` is how many it has now. */
export type Applied = { positions: IndexPosition[]; stale: RoomId[]; messages: number };
export type FromIndex = { id: number } & ({ result: unknown } | { error: string });

const checkpointAfterMs = 1000;

/** By then all processes of this machine have started. */
const emptyAfterMs = 10 * 60_000;

let index: IndexDatabase | null = null;
let path = "";

self.onmessage = (event: MessageEvent<ToIndex>) => {
  const message = event.data;
  try {
    self.postMessage({ id: message.id, result: handle(message) } satisfies FromIndex);
  } catch (error) {
    // It is made anew when it is opened again.
    if (isDamaged(error) && index) {
      index.close();
      index = null;
      removeFile(path);
    }
    self.postMessage({ id: message.id, error: (error as Error).message } satisfies FromIndex);
  }
};

function handle(message: ToIndex): Opened | Applied | IndexResult | MatchResult | boolean | null {
  if (message.kind === "open") {
    const file = openFreeFile(message.folder, (sqlite) => new IndexDatabase(sqlite, message.epoch));
    index = file.opened;
    path = file.path;
    const own = path;
    // While they are replaced, each has one beside its successor's.
    emptyUnusedFiles(message.folder, own, { kept: 2 * message.processes });
    setTimeout(() => emptyUnusedFiles(message.folder, own, { kept: 0 }), emptyAfterMs).unref();
    return { positions: index.positions(), erased: index.erased(), ...index.size };
  }
  if (message.kind === "match") return matchMessages(message.request);
  if (!index) throw new Error("the index is not open");
  if (message.kind === "search") return index.search(message.query);
  if (message.kind === "close") {
    index.close();
    index = null;
    return null;
  }
  soonCheckpoint();
  if (message.kind === "forget_room") return index.forgetRoom(message.room);
  if (message.kind === "erase_sender") return index.eraseSender(message.sender);
  if (message.kind === "apply") return apply(index, message.batch);
  index.reset(message.epoch);
  return null;
}

function apply(open: IndexDatabase, batch: string): Applied {
  const { messages, positions, stale } = readBatch(batch, open);
  open.apply(messages, positions);
  return { positions, stale, messages: open.size.messages };
}

let isCheckpointDue = false;

/** Once for all that was deleted within a second: it waits for the disk. */
function soonCheckpoint(): void {
  if (isCheckpointDue) return;
  isCheckpointDue = true;
  setTimeout(() => {
    isCheckpointDue = false;
    index?.checkpoint();
  }, checkpointAfterMs);
}
