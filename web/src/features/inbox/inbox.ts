import type { ChatStore } from "../../stores/chat-store.ts";
import type { PanelName } from "../../stores/ui-store.ts";

/** The lists across rooms that are the viewer's own. They are tabs of one panel. */
export const inboxPanels = [
  "activity",
  "mentions",
  "threads",
  "saved",
  "scheduled",
  "reports",
] as const satisfies readonly PanelName[];
export type InboxPanel = (typeof inboxPanels)[number];

export function isInbox(panel: unknown): panel is InboxPanel {
  return (inboxPanels as readonly unknown[]).includes(panel);
}

/** Returns the lists that the viewer has, and how much is new in each: in the first of all but reports. `open` is shown. */
export function inboxOf(chat: ChatStore, open: unknown): { panel: InboxPanel; count: number }[] {
  const me = chat.me.lists.value;
  const counts: Record<InboxPanel, number> = {
    activity: chat.mentions.value + me.unreadThreads + me.dueReminders + me.newInvitations,
    mentions: chat.mentions.value,
    threads: me.unreadThreads,
    saved: 0,
    scheduled: me.dueReminders,
    reports: me.reports,
  };
  // For those who moderate rooms only while some wait; who moderates the server finds the resolved ones there.
  const hasReports = me.reports > 0 || open === "reports" || chat.mayOnServer("report.resolve_any");
  return inboxPanels
    .filter((panel) => panel !== "reports" || hasReports)
    .map((panel) => ({ panel, count: counts[panel] }));
}
