import type { MessageEntry } from "@novax/protocol/apply-event";
import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { FileInfo } from "@novax/protocol/files";
import type { RoomId } from "@novax/protocol/ids";
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Spot } from "../lib/element.ts";

/** A panel that opens by its name, so that the browser's history can restore it. */
export type PanelName =
  | "people"
  | "details"
  | "pins"
  | "files"
  | "search"
  | "thread"
  | "activity"
  | "mentions"
  | "threads"
  | "saved"
  | "scheduled"
  | "reports";

/** What is open beside the room: a named panel, or one that is about something and is opened with it. */
export type Panel = PanelName | { title: string; view: () => ComponentChildren };

export type MenuItem = {
  label: string;
  /** The key that does the same as this item. */
  keys?: string;
  isDanger?: boolean;
  /** It begins a group of its own, with a line above it. */
  startsGroup?: boolean;
  run: () => void;
};

/** A few emoji above the entries of a menu, to react with at once. */
export type QuickReactions = { emoji: readonly string[]; onPick: (emoji: string) => void };

/** The pages of the settings. */
export const settingsTabs = ["you", "look", "notifications", "privacy", "server"] as const;
export type SettingsTab = (typeof settingsTabs)[number];

/** The dialog or menu over the window. Only one is open at a time. */
export type Overlay =
  /** `onChoose`: asks for a room to send something to, rather than to go to. */
  | { kind: "switcher"; onChoose?: (room: RoomId) => void }
  | { kind: "create_room" }
  | { kind: "invite" }
  | { kind: "browse" }
  | { kind: "new_direct" }
  | { kind: "add_people" }
  | { kind: "settings"; tab?: SettingsTab; isForStatus?: true }
  | { kind: "shortcuts" }
  | { kind: "date"; room: JoinedRoom }
  | { kind: "poll" }
  | { kind: "schedule"; text: string; replyTo?: number; onDone: () => void }
  | { kind: "remind"; entry: MessageEntry; room: RoomId }
  | { kind: "report"; entry: MessageEntry; room: RoomId }
  | { kind: "history"; entry: MessageEntry; room: RoomId }
  | { kind: "readers"; entry: MessageEntry; room: RoomId }
  | { kind: "reactions"; entry: MessageEntry }
  | { kind: "profile"; person: Person }
  | { kind: "ban"; person: Person }
  | {
      kind: "ask";
      text: string;
      yes: string;
      isHarmless?: boolean;
      /** Nobody asked for it, so the next key must not be a yes. */
      isUnasked?: boolean;
      onYes: () => void;
      /** Also called when another overlay takes its place. */
      onNo?: () => void;
    }
  | {
      kind: "lightbox";
      files: readonly FileInfo[];
      index: number;
      /** Shows the message of one of these files, where it is not in view already. */
      onShowInChat: ((index: number) => void) | null;
    }
  | { kind: "custom_emoji" }
  /** Asks for a square of a picture. */
  | { kind: "crop"; file: Blob; onDone: (square: Blob) => void; onClosed: () => void }
  /** Asks for what a picture shows. */
  | { kind: "describe"; name: string; url: string; alt: string; onDone: (alt: string) => void }
  | { kind: "emoji"; spot: Spot; onPick: (emoji: string) => void }
  | {
      kind: "menu";
      spot: Spot;
      label: string;
      items: readonly MenuItem[];
      quick?: QuickReactions | undefined;
    };

/** What is open in the window. It holds no reference to any element. */
export class UiStore {
  readonly panel = signal<Panel | null>(null);
  readonly overlay = signal<Overlay | null>(null);

  /** The panel that comes back when the thread that was opened from it is closed. */
  returnTo: PanelName | null = null;

  /** On a phone, the list from which the viewer came into the room that is shown. */
  readonly behind = signal<PanelName | null>(null);

  /** What was typed since an overlay or the search was asked for whose code is still being loaded. */
  typedAhead = "";
  /** The search was asked for by a key, and its field is not there yet to take the next ones. */
  awaitsSearch = false;

  open(overlay: Overlay): void {
    this.typedAhead = "";
    this.#show(overlay);
  }

  close(): void {
    this.#show(null);
  }

  #show(overlay: Overlay | null): void {
    const before = this.overlay.peek();
    this.overlay.value = overlay;
    if (before?.kind === "ask") before.onNo?.();
  }
}
