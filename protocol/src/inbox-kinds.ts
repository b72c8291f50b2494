/** What the inbox is made of: see `me.inbox`. */
export const inboxKinds = ["mention", "reply", "reaction", "reminder", "invitation"] as const;
export type InboxKind = (typeof inboxKinds)[number];
