// Everything that the first view of the chat does not need, in one file that is loaded once: dialogs, panels, menus,
// completion and slash commands. Import it only with `import()`.

export { ConnectionBanner } from "../components/connection-banner.tsx";
export { ToastList } from "../components/toast-list.tsx";
export { AccountItems } from "../features/account/account-items.tsx";
export { openComposerMenu } from "../features/messages/composer-menu.ts";
export { FormattingButtons } from "../features/messages/formatting-buttons.tsx";
export { toggleMarks } from "../features/messages/formatting-edits.ts";
export { LiveRegion } from "../features/messages/live-region.tsx";
export { askDelete, runMessageMenu } from "../features/messages/message-menu.ts";
export { MessageToolbar } from "../features/messages/message-toolbar.tsx";
export { NotSent } from "../features/messages/not-sent.tsx";
export { runSlashCommand } from "../features/messages/slash-commands.ts";
export { suggest } from "../features/messages/suggest.ts";
export { SuggestionList } from "../features/messages/suggestion-list.tsx";
export { toggleReaction } from "../features/messages/toggle-reaction.ts";
export { offerUnread } from "../features/messages/unread.ts";
export { NoticeBanner } from "../features/notices/notice-banner.tsx";
export { Poll } from "../features/polls/poll.tsx";
export { vote } from "../features/polls/vote.ts";
export { joinByLink, joinFromAddress } from "../features/rooms/membership.ts";
export { MoreUnread } from "../features/rooms/more-unread.tsx";
export { NoRooms } from "../features/rooms/no-rooms.tsx";
export { RequestBar } from "../features/rooms/request-bar.tsx";
export { linkRooms } from "../features/rooms/room-links.ts";
export { openAddMenu, roomMenu } from "../features/rooms/room-menu.ts";
export { SidebarEdge } from "../features/rooms/sidebar-edge.tsx";
export { StartCard } from "../features/rooms/start-card.tsx";
export { ThreadView } from "../features/threads/thread-view.tsx";
export { OverlayHost } from "./overlay-host.tsx";
export { watchPressAndHold } from "./press-and-hold.ts";
export { reportWhenAway } from "./report-away.ts";
export { SidePanel } from "./side-panel.tsx";
export { soundWhenMentioned } from "./sound.ts";
export { runWindowKey } from "./window-keys.ts";
