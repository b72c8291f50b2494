import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../stores/chat-store.ts";
import type { Panel, UiStore } from "../stores/ui-store.ts";

/** The props of every dialog. */
export type DialogProps = {
  chat: ChatStore;
  ui: UiStore;
  /** Opens a room, or a message in it. */
  onOpenRoom: (room: RoomId, seq?: number) => void;
  /** Opens a panel beside the room, or closes it if it is open. */
  onPanel: (panel: Panel) => void;
  onClose: () => void;
};

/** The props of every panel. */
export type PanelProps = DialogProps & {
  /** Opens a thread of any room. */
  onOpenThread: (room: RoomId, root: number) => void;
};
