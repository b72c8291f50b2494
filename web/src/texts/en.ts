import { createPlural } from "@novax/protocol/language";
import { unreadCountMax } from "@novax/protocol/limits";

const plural = createPlural("en");

const list = new Intl.ListFormat("en");

/** A count that stops at {@link unreadCountMax}. */
function many(count: number, forms: { one: string; other: string }): string {
  return count < unreadCountMax ? plural(count, forms) : forms.other.replace("#", "99+");
}

export const en = {
  app: {
    cancel: "Cancel",
    save: "Save",
  },
  errors: {
    offline: "You're offline. Check your connection and try again.",
    notLoaded: "Couldn't load this. Try again.",
  },
  rooms: {
    title: "Rooms",
    ownNotes: "Your notes",
    favourites: "Starred",
    rooms: "Rooms",
    direct: "Direct messages",
    requests: "Requests",
    archived: "Archived",
    jump: "Search or jump to…",
    jumpKeys: "Ctrl K",
    inbox: "Inbox",
    newDirect: "New message",
    addRoom: "Add a room",
    all: "All rooms",
    unread: (count: number) => many(count, { one: "# unread", other: "# unread" }),
    mentionCount: (count: number) => plural(count, { one: "# mention", other: "# mentions" }),
    hasDraft: "draft",
    isMuted: "muted",
    isPrivate: "private",
    noRooms: "You haven't joined any rooms yet.",
    noDirect: "No direct messages yet.",
    startDirect: "Start one",
    youEntered: (room: string) => `You joined ${room}.`,
    youLeft: (name: string) => `You were removed from ${name}.`,
  },
  account: {
    newNotices: (count: number) => plural(count, { one: "# new", other: "# new" }),
    aboutAccount: (count: number) =>
      plural(count, { one: "# new account notification", other: "# new account notifications" }),
  },
  room: {
    people: (count: number) => plural(count, { one: "# member", other: "# members" }),
    details: "Room details",
    toResults: "Back to the results",
    files: "Files",
    search: "Search messages",
    pins: "Pinned messages",
    start: (name: string) => `This is the beginning of ${name}.`,
    startHint: "Say hello or add people.",
    startDirect: (name: string) => `This is the beginning of your conversation with ${name}.`,
    startNotes: "Only you can see what you write here.",
    archived: "This room is archived. You can read it but not post.",
    readOnly: "You can't post in this room.",
    blocked: "You blocked this person. Unblock them from their profile to message them.",
    announcements: "Only moderators can post here.",
    typing: (names: readonly string[]) =>
      names.length === 1
        ? `${names[0]} is typing…`
        : names.length === 2
          ? `${names[0]} and ${names[1]} are typing…`
          : "Several people are typing…",
    messagesIn: (name: string) => `Messages in ${name}`,
    jumpToUnread: "Jump to unread",
    markRead: "Mark as read",
    toNewest: "Jump to latest",
    newMessages: (count: number) => many(count, { one: "# new message", other: "# new messages" }),
    today: "Today",
    yesterday: "Yesterday",
    newLine: "New",
    loading: "Loading…",
    loadingOlder: "Loading earlier messages…",
    olderFailed: "Couldn't load earlier messages. Retry",
    loadingNewer: "Loading newer messages…",
    newerFailed: "Couldn't load newer messages. Retry",
    joined: (names: string, _count: number) => `${names} joined`,
    wasAdded: (name: string, by: string) => `${by} added ${name}`,
    left: (names: string, _count: number) => `${names} left the room`,
    wasRemoved: (name: string, by: string) => `${by} removed ${name}`,
    renamed: (by: string, name: string) => `${by} renamed the room to “${name}”`,
    topicSet: (by: string, topic: string) => `${by} set the topic to “${topic}”`,
    topicCleared: (by: string) => `${by} cleared the topic`,
    archivedBy: (by: string) => `${by} archived the room`,
    unarchivedBy: (by: string) => `${by} unarchived the room`,
    described: (by: string) => `${by} changed the description`,
    pictureChanged: (by: string) => `${by} changed the room's picture`,
    postingChanged: (by: string, isModerators: boolean) =>
      isModerators ? `${by} let only moderators post` : `${by} let everyone post`,
    slowModeChanged: (by: string, seconds: number) =>
      seconds === 0 ? `${by} turned slow mode off` : `${by} turned slow mode on`,
    changedBy: (by: string) => `${by} updated the room`,
  },
  message: {
    actions: "Message actions",
    react: "Add reaction",
    edited: "edited",
    pinned: "Pinned",
    deleted: "This message was deleted.",
    quoteGone: "Deleted message",
    blocked: "Message from a blocked person",
    show: "Show",
    sending: "sending",
    notSentShort: "not sent",
    taskDone: "Done",
    taskOpen: "Not done",
    table: "Table",
    copyCode: "Copy",
    copied: "Copied",
    lastReply: (when: string) => `last reply ${when}`,
    answers: (count: number) => plural(count, { one: "# reply", other: "# replies" }),
    /** Some people by name, and how many more there are. */
    people: (names: readonly string[], more: number) =>
      more > 0
        ? `${names.join(", ")} and ${plural(more, { one: "# other", other: "# others" })}`
        : list.format(names),
    reaction: (emoji: string, count: number) =>
      plural(count, { one: `${emoji}, # reaction`, other: `${emoji}, # reactions` }),
    inReplyTo: "In reply to",
    reactions: (count: number) => plural(count, { one: "# reaction", other: "# reactions" }),
  },
  composer: {
    label: (name: string) => `Message ${name}`,
    slowLabel: (name: string) => `Message ${name} (slow mode)`,
    threadLabel: "Reply in thread",
    send: "Send",
    left: (count: number) => plural(count, { one: "# left", other: "# left" }),
    tooMany: (count: number) => plural(count, { one: "# over the limit", other: "# over the limit" }),
    saveEdit: "Save changes",
    replyingTo: "Replying to",
    editing: "Editing message",
    code: "Code",
    emoji: "Emoji",
    write: "Back to editing",
    formatting: "Formatting",
    more: "Add",
  },
  files: {
    attach: "Attach files",
    record: "Record a voice message",
    noMicrophone: "The microphone can't be used. Check your browser's permission for this page.",
    open: "Open",
    drop: (name: string) => `Drop files to send them to ${name}`,
    wait: "Wait until the files are uploaded.",
    tooMany: (left: number) =>
      plural(left, {
        one: "A message can have up to 10 files. # file was left out.",
        other: "A message can have up to 10 files. # files were left out.",
      }),
  },
  thread: {
    title: "Thread",
  },
  presence: { online: "online", away: "away", dnd: "do not disturb" },
  reminder: { due: (note: string) => `Reminder: ${note}`, look: "View" },
} as const;
