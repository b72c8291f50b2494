import type { MessageEntry } from "@novax/protocol/apply-event";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { FunctionComponent } from "preact";
import { lazyFrom } from "../../components/lazy.tsx";
import type { Spot } from "../../lib/element.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { OutboxItem } from "../../stores/outbox.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import type { Unfinished } from "../../stores/timeline-entries.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import type { Suggestion, Token } from "./completion.ts";
import type { RowActions } from "./row-actions.ts";
import type { FieldText, TextEdit } from "./text-edits.ts";

/** What the actions on messages need: the open room or thread, and callbacks to other parts of the page. */
export type MessageActionContext = {
  chat: ChatStore;
  ui: UiStore;
  store: RoomStore;
  onOpenThread: (root: number) => void;
  onJump: (seq: number) => void;
  onRoomLink: (room: string, seq: number | undefined) => void;
  onFocusWriting: () => void;
  /** Puts what was not sent back into the composer. */
  onWriteAgain: (item: OutboxItem) => void;
};

/** A menu next to `spot`. With `key`, the action of this key is run instead. */
export type MenuRequest = { spot: Spot; mayWrite: boolean; key?: string };

/** What the menu beside the composer can change. */
export type ComposerMenuRequest = {
  text: string;
  clear: () => void;
  onFiles: (files: readonly File[]) => void;
  isFormatting: boolean;
  showFormatting: (isShown: boolean) => void;
  isPreviewing: boolean;
  showPreview: (isShown: boolean) => void;
};

export type FormattingProps = {
  onEdit: (change: (field: FieldText) => TextEdit) => void;
  onHide: () => void;
};

export type SuggestionListProps = {
  id: string;
  suggestions: readonly Suggestion[];
  chosen: number;
  onAccept: (suggestion: Suggestion) => void;
};

export type MessageToolbarProps = { message: MessageEntry; actions: RowActions };

export type LinkPreviewsProps = { message: MessageEntry; actions: RowActions };

export type PollProps = {
  message: MessageEntry;
  myVote: readonly number[] | undefined;
  actions: RowActions;
};

export type NotSentProps = {
  item: OutboxItem;
  onRetry: (sendId: SendId) => void;
  onDiscard: (sendId: SendId) => void;
  onTakeBack: (sendId: SendId) => void;
};

/** The composer, as far as others than its own code need it. */
export type WritingPlace = { readonly current: { readonly text: string; append(text: string): void } | null };

/** The message list, as far as its keys need it. */
export type ListKeyContext = {
  articles: readonly HTMLElement[];
  /** The focus came by a pointer. */
  isByPointer: boolean;
  isFollowing: boolean;
  /** Called when the focus was moved by a key. */
  onMoved: () => void;
  /** Runs a key on a message. Returns whether it was a command. */
  runKey: (key: string, article: HTMLElement) => boolean;
  onTypeElsewhere: (character: string) => void;
};

/** The lazy code that messages use. */
export type LazyParts = {
  runListKey: (event: KeyboardEvent & { currentTarget: HTMLElement }, context: ListKeyContext) => void;
  runMessageKey: (
    context: MessageActionContext,
    entry: MessageEntry,
    request: MenuRequest & { key: string },
  ) => boolean;
  runMessageMenu: (context: MessageActionContext, entry: MessageEntry, request: MenuRequest) => void;
  askDelete: (context: MessageActionContext, entry: MessageEntry) => void;
  toggleReaction: (chat: ChatStore, entry: MessageEntry, reaction: { room: RoomId; emoji: string }) => void;
  vote: (context: MessageActionContext, entry: MessageEntry, choices: readonly number[]) => void;
  openComposerMenu: (context: MessageActionContext, spot: Spot, request: ComposerMenuRequest) => void;
  FormattingButtons: FunctionComponent<FormattingProps>;
  LinkPreviews: FunctionComponent<LinkPreviewsProps>;
  MessageToolbar: FunctionComponent<MessageToolbarProps>;
  NotSent: FunctionComponent<NotSentProps>;
  Poll: FunctionComponent<PollProps>;
  StartCard: FunctionComponent<{ chat: ChatStore; ui: UiStore }>;
  RequestBar: FunctionComponent<{ chat: ChatStore; ui: UiStore; room: JoinedRoom }>;
  SuggestionList: FunctionComponent<SuggestionListProps>;
  toggleMarks: (field: FieldText, marks: string) => TextEdit;
  runSlashCommand: (
    context: { chat: ChatStore; ui: UiStore; store: RoomStore },
    text: string,
  ) => Promise<string | { send: string } | undefined>;
  hintNotHere: (chat: ChatStore, store: RoomStore, text: string) => Promise<void>;
  keepUnfinished: (context: MessageActionContext, composer: WritingPlace) => () => void;
  tellUnfinished: (context: MessageActionContext, composer: WritingPlace, happened: Unfinished) => void;
  /** Returns a text with its shortcodes as emoji, or as it is while the list of emoji is loaded. What is sent never waits. */
  withEmoji: (text: string) => string;
  continueList: (field: FieldText) => TextEdit | null;
  linkSelection: (field: FieldText, pasted: string) => TextEdit | null;
  suggest: (chat: ChatStore, store: RoomStore, token: Token) => Promise<Suggestion[]>;
};

/**
 * Loads the lazy code. The page sets this function, because the page puts all lazy code into one file. `loaded` is it, once
 * it is there, for what has to be done at once.
 */
export const lazyParts: { load: () => Promise<LazyParts>; loaded: LazyParts | null } = {
  load: () => Promise.reject(new Error("not set")),
  loaded: null,
};

/** A lazy component, by its name. */
export const lazyPart = lazyFrom(() => lazyParts.load());
