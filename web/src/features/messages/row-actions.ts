import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { AccountId, SendId } from "@novax/protocol/ids";
import type { ReadonlySignal } from "@preact/signals";
import type { Spot } from "../../lib/element.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { FileActions } from "../files/files-context.ts";

/**
 * The actions that a row can call. All rows always get the same object, so that it never causes a row to be drawn
 * again.
 */
export type RowActions = FileActions & {
  chat: ChatStore;
  you: AccountId;
  known: ReadonlyMap<AccountId, Person>;
  onRetry: (sendId: SendId) => void;
  onDiscard: (sendId: SendId) => void;
  /** Puts a message that was not sent back into the composer, with its files. */
  onTakeBack: (sendId: SendId) => void;
  onReact: (entry: MessageEntry, emoji: string) => void;
  onPickReaction: (entry: MessageEntry, spot: Spot) => void;
  onReply: (entry: MessageEntry) => void;
  onThread: (entry: MessageEntry) => void;
  onMenu: (entry: MessageEntry, spot: Spot) => void;
  onJump: (seq: number) => void;
  onPerson: (person: Person) => void;
  learned: ReadonlySignal<number>;
  onUnknown: (username: string) => void;
  onRoomLink: (room: string, seq: number | undefined) => void;
  onHistory: (entry: MessageEntry) => void;
  onRemovePreview: (entry: MessageEntry, url: string) => void;
  onVote: (entry: MessageEntry, choices: readonly number[]) => void;
  isInThread: boolean;
  mayWrite: boolean;
};
