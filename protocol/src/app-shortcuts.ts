/** What the installed app's icon offers: `/chat?open=` one of these. */
export const appShortcuts = ["search", "message"] as const;
export type AppShortcut = (typeof appShortcuts)[number];

/** `/chat?open=` this: the service worker has something that another app shared. */
export const openShared = "shared";
