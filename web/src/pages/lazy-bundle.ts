// What the first sight of the chat does without, in one file that is loaded once: dialogs, panels, menus, completion and
// commands. Only ever imported as `import("./lazy-bundle.ts")`.

export { ConnectionBanner } from "../components/connection-banner.tsx";
export { LiveRegion } from "../components/live-region.tsx";
export { MoreUnread } from "../components/more-unread.tsx";
export { NoRooms } from "../components/no-rooms.tsx";
export { NoticeBanner } from "../components/notice-banner.tsx";
export { SidebarEdge } from "../components/sidebar-edge.tsx";
export { ToastList } from "../components/toast-list.tsx";
export { linkRooms } from "../stores/room-links.ts";
export { runSlashCommand } from "../stores/slash-commands.ts";
export { undoMarkRead } from "../stores/unread.ts";
export { messageMenu } from "./message-menu.ts";
export { OverlayHost } from "./overlays/overlay-host.tsx";
export { SidePanel } from "./panels/side-panel.tsx";
export { roomMenu } from "./room-menu.ts";
export { playNotificationSound } from "./sound.ts";
export { suggest } from "./suggest.ts";
export { ThreadView } from "./thread-view.tsx";
export { cycleRegions, nextRoom } from "./window-keys.ts";
