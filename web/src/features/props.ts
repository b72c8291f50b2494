import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../stores/chat-store.ts";
import type { Panel, UiStore } from "../stores/ui-store.ts";

/** What every dialog gets. */
export type DialogProps = {
  chat: ChatStore;
  ui: UiStore;
  /** Opens a room, or a message in it. */
  onOpenRoom: (room: RoomId, seq?: number) => void;
  /** Opens a panel beside the room, or closes it where it is open. */
  onPanel: (panel: Panel) => void;
  onClose: () => void;
};

/** What every panel gets. */
export type PanelProps = DialogProps & {
  /** Opens a thread, of whichever room. */
  onOpenThread: (room: RoomId, root: number) => void;
};
