// Reads are what a client can request over HTTP. The routes, the OpenAPI document, the tests of outsiders and the
// client's types come from this table. Lists are paged: `next` is the cursor of the next page, null on the last.

import { z } from "zod";
import {
  joinedRoomSchema,
  messageSchema,
  myStateSchema,
  personSchema,
  reportOutcomes,
  roomSchema,
  statusSchema,
} from "./entities.ts";
import { roomEventSchema, systemMessageSchema } from "./events.ts";
import { fileIdSchema, fileSchema } from "./files.ts";
import { accountIdSchema, roomIdSchema, sendIdSchema } from "./ids.ts";
import { inboxKinds } from "./inbox-kinds.ts";
import {
  namesAskedMax,
  pageMessagesMax,
  peopleAskedMax,
  searchCharsMax,
  searchHitsMax,
  usernameCharsMax,
} from "./limits.ts";
import { inRoom, ofSession, onServer, type ReadNeeds } from "./needs.ts";
import { roomRoles, serverRoles } from "./permissions.ts";
import { pushContents } from "./push.ts";
import { presenceStates } from "./signals.ts";
import { zoneSchema } from "./zone.ts";

/** The largest number that a parameter can be. */
const numberMax = 999_999_999_999_999;
/** A parameter that is a whole number. Parameters of a URL arrive as text; the OpenAPI document has what is meant. */
const wholeNumber = (minimum: number, maximum = numberMax) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "is a whole number")
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .meta({ parameter: { type: "integer", minimum, maximum } });
const limit = wholeNumber(1, pageMessagesMax).optional();
const position = wholeNumber(0).optional();
const seq = wholeNumber(1);
const cursor = z.string().max(400).optional();
const search = z.string().max(100).optional();
const room = roomIdSchema;
const next = z.string().nullable();

/** A message as shown in lists across rooms. */
export const messagePreviewSchema = z.strictObject({
  room: roomIdSchema,
  seq: z.int(),
  threadRoot: z.int().nullable(),
  sender: personSchema,
  sentAt: z.int(),
  /** The beginning of the message. Null if it is deleted. */
  excerpt: z.string().nullable(),
  /** The time by which the list is sorted, in milliseconds since 1970. */
  at: z.int(),
});
export type MessagePreview = z.infer<typeof messagePreviewSchema>;

const isNew = z.boolean();
/** Something that concerns a person, in any of their rooms. */
const inboxItemSchema = z.discriminatedUnion("kind", [
  messagePreviewSchema.extend({ kind: z.literal("mention"), isNew }),
  /** The newest reply of somebody else in a thread that they follow. */
  messagePreviewSchema.extend({ kind: z.literal("reply"), isNew }),
  /** A reaction to their message, which is what the rest is about. */
  messagePreviewSchema.extend({
    kind: z.literal("reaction"),
    person: personSchema,
    emoji: z.string(),
    isNew,
  }),
  /** A reminder that is due. */
  z.strictObject({
    kind: z.literal("reminder"),
    room: roomIdSchema,
    seq: z.int().nullable(),
    id: z.uuid(),
    note: z.string(),
    excerpt: z.string().nullable(),
    at: z.int(),
    isNew,
  }),
  /** Somebody put them into a room. */
  z.strictObject({
    kind: z.literal("invitation"),
    room: roomIdSchema,
    seq: z.null().optional(),
    person: personSchema,
    isRequest: z.boolean(),
    at: z.int(),
    isNew,
  }),
]);
export type InboxItem = z.infer<typeof inboxItemSchema>;

/** What a list of files can be about; `media` are videos and recordings. */
export const fileListKinds = ["picture", "media", "file"] as const;
export type FileListKind = (typeof fileListKinds)[number];

/**
 * How well a message fits: it has the words or words that begin so, has them inside of others, has similar ones, or has only some
 * of them.
 */
export const matchKinds = ["word", "inside", "similar", "some"] as const;
export type MatchKind = (typeof matchKinds)[number];

/** A message that a search found, or a change of a room's name, topic or description. */
const searchHitSchema = z.strictObject({
  room: roomIdSchema,
  seq: z.int(),
  threadRoot: z.int().nullable(),
  sender: personSchema,
  sentAt: z.int(),
  isMessage: z.boolean(),
  /** A part of it as plain text, and what was found in that (start and end, in UTF-16 code units). */
  excerpt: z.string(),
  marks: z.array(z.tuple([z.int(), z.int()])),
  match: z.enum(matchKinds),
});

const zone = zoneSchema.optional();

const ofMessage = {
  seq: z.int(),
  threadRoot: z.int().nullable(),
  sender: personSchema,
  sentAt: z.int(),
};

/** A file with the message that it is part of. */
const roomFileSchema = z.strictObject({
  file: fileSchema,
  ...ofMessage,
});

/** A link with the message that it is part of, and its text there. */
const roomLinkSchema = z.strictObject({ url: z.string(), label: z.string(), ...ofMessage });

const timelinePage = {
  epoch: z.string(),
  /** The `seq` of the room's newest event when the page was read. */
  headSeq: z.int(),
  /** The time of that event. Missing if there is none, and in a thread. */
  headAt: z.int().optional(),
  entries: z.array(
    z.discriminatedUnion("kind", [
      messageSchema.extend({ kind: z.literal("message") }),
      ...systemMessageSchema.options,
    ]),
  ),
  /** Whether there are entries before the first one and after the last one. */
  hasBefore: z.boolean(),
  hasAfter: z.boolean(),
  /** The people who reacted or voted. */
  people: z.array(personSchema),
  /** The viewer's choices in anonymous polls, by the poll's `seq`. */
  myVotes: z.record(z.string(), z.array(z.int())),
};
export const timelinePageSchema = z.strictObject(timelinePage);
export type TimelinePage = z.infer<typeof timelinePageSchema>;

type ReadSpec = {
  /** Its address; `:name` is one of `params`. */
  path: string;
  summary: string;
  /** The fields that are part of the path. */
  params: z.ZodRawShape;
  query: z.ZodRawShape;
  result: z.ZodRawShape;
  needs: ReadNeeds;
};

export const readSpecs = {
  "me.read": {
    path: "/api/me",
    summary: "Your status, preferences, keywords and blocked people, and how much is waiting for you.",
    params: {},
    query: {},
    result: {
      ...myStateSchema.shape,
      reports: z.int(),
      unreadThreads: z.int(),
      threadMentions: z.int(),
      dueReminders: z.int(),
      /** Rooms that others put you into, since you last saw your inbox. */
      newInvitations: z.int(),
      approvals: z.int(),
    },
    needs: ofSession,
  },
  "me.inbox": {
    path: "/api/me/inbox",
    summary:
      "Mentions, replies in threads you follow, reactions to your messages, due reminders and rooms you were added to, newest first.",
    params: {},
    query: { kind: z.enum(inboxKinds).optional(), after: cursor, limit },
    result: { items: z.array(inboxItemSchema), next },
    needs: ofSession,
  },
  "me.mentions": {
    path: "/api/me/mentions",
    summary: "Messages that mention you, in all your rooms, newest first.",
    params: {},
    query: { after: cursor, limit },
    result: { messages: z.array(messagePreviewSchema), next },
    needs: ofSession,
  },
  "me.saved": {
    path: "/api/me/saved",
    summary: "Messages you saved, the last saved first.",
    params: {},
    query: { after: cursor, limit },
    result: { messages: z.array(messagePreviewSchema), next },
    needs: ofSession,
  },
  "me.threads": {
    path: "/api/me/threads",
    summary: "Threads you follow, the one with the newest reply first.",
    params: {},
    query: { after: cursor, limit },
    result: {
      threads: z.array(messagePreviewSchema.extend({ count: z.int(), lastAt: z.int(), unread: z.int() })),
      next,
    },
    needs: ofSession,
  },
  "me.scheduled": {
    path: "/api/me/scheduled",
    summary: "Messages you scheduled.",
    params: {},
    query: {},
    result: {
      scheduled: z.array(
        z.strictObject({
          sendId: sendIdSchema,
          room,
          replyTo: z.int().nullable(),
          threadRoot: z.int().nullable(),
          text: z.string(),
          dueAt: z.int(),
          /** Why the message could not be sent. Null while it is waiting. */
          refused: z.string().nullable(),
        }),
      ),
    },
    needs: ofSession,
  },
  "me.reminders": {
    path: "/api/me/reminders",
    summary: "Your reminders, due and not yet due.",
    params: {},
    query: {},
    result: {
      reminders: z.array(
        z.strictObject({
          id: z.uuid(),
          room,
          seq: z.int().nullable(),
          note: z.string(),
          dueAt: z.int(),
          isDue: z.boolean(),
        }),
      ),
    },
    needs: ofSession,
  },
  "me.unread_mail": {
    path: "/api/me/unread-mail",
    summary:
      "After how many minutes you get an email about what stays unread, and whether this server can send you one.",
    params: {},
    query: {},
    result: { isPossible: z.boolean(), minutes: z.int().nullable() },
    needs: ofSession,
  },
  "me.push": {
    path: "/api/me/push",
    summary: "With which key to subscribe to notifications, and what this session's browser gets.",
    params: {},
    query: {},
    result: {
      publicKey: z.string(),
      /** The most that notifications say on this server, whatever is chosen. */
      contentMax: z.enum(pushContents),
      device: z.strictObject({ endpoint: z.string(), content: z.enum(pushContents) }).nullable(),
    },
    needs: ofSession,
  },
  "me.storage": {
    path: "/api/me/storage",
    summary: "How much your files take up; for owners and admins also those of everybody.",
    params: {},
    query: {},
    result: {
      usedBytes: z.int(),
      maxBytes: z.int(),
      /** The largest file that can be sent. */
      fileBytesMax: z.int(),
      server: z
        .strictObject({ usedBytes: z.int(), maxBytes: z.int().nullable(), freeBytes: z.int().nullable() })
        .nullable(),
    },
    needs: ofSession,
  },
  "search.messages": {
    path: "/api/search",
    summary:
      'Messages of your rooms by what they say: words, "phrases", -words, and from:, in:, has:, is:, before:, after:, on:.',
    params: {},
    query: {
      q: z.string().max(searchCharsMax).default(""),
      room: roomIdSchema.optional(),
      order: z.enum(["newest", "relevant"]).optional(),
      zone,
      after: cursor,
      limit: wholeNumber(1, searchHitsMax).optional(),
    },
    result: {
      hits: z.array(searchHitSchema),
      next,
      /** Which part of all messages can be found so far, from 0 to 1. Null if it is all of them. */
      indexed: z.number().nullable(),
    },
    needs: ofSession,
  },
  "rooms.list": {
    path: "/api/rooms",
    summary: "The rooms you are in, with what is unread.",
    params: {},
    query: {},
    result: { epoch: z.string(), rooms: z.array(joinedRoomSchema) },
    needs: ofSession,
  },
  "rooms.browse": {
    path: "/api/browse",
    summary: "Public rooms by name.",
    params: {},
    query: { q: search, after: cursor, limit },
    result: {
      rooms: z.array(
        roomSchema
          .pick({
            id: true,
            name: true,
            topic: true,
            description: true,
            icon: true,
            colour: true,
            picture: true,
            memberCount: true,
          })
          .extend({ isMember: z.boolean() }),
      ),
      next,
    },
    needs: onServer("room.browse"),
  },
  "room.timeline": {
    path: "/api/rooms/:room/timeline",
    summary: "What a room shows, oldest first: before a seq, after it, around it, or the newest.",
    params: { room },
    query: { before: position, after: position, around: position, limit },
    result: timelinePage,
    needs: inRoom("room.read"),
  },
  "room.events": {
    path: "/api/rooms/:room/events",
    summary: "Events of a room's log, in order: after a seq, before one, or the newest.",
    params: { room },
    query: { after: position, before: position, limit },
    result: { epoch: z.string(), headSeq: z.int(), events: z.array(roomEventSchema) },
    needs: inRoom("room.read"),
  },
  "room.thread": {
    path: "/api/rooms/:room/threads/:seq",
    summary: "A thread's first message and its replies, oldest first: the newest, or those before a seq.",
    params: { room, seq },
    query: { before: position, limit },
    result: { ...timelinePage, root: messageSchema, isFollowed: z.boolean(), readSeq: z.int() },
    needs: inRoom("room.read"),
  },
  "room.at": {
    path: "/api/rooms/:room/at",
    summary: "The first thing that a room shows from a time on (milliseconds since 1970): its seq, or null.",
    params: { room },
    query: { time: position },
    result: { seq: z.int().nullable() },
    needs: inRoom("room.read"),
  },
  "room.pins": {
    path: "/api/rooms/:room/pins",
    summary: "A room's pinned messages, the last pinned first.",
    params: { room },
    query: {},
    result: { messages: z.array(messageSchema) },
    needs: inRoom("room.read"),
  },
  "room.files": {
    path: "/api/rooms/:room/files",
    summary:
      "Files of a room, the newest first: all, those of one kind, or those with these words in name or description.",
    params: { room },
    query: { kind: z.enum(fileListKinds).optional(), q: search, after: cursor, limit },
    result: { files: z.array(roomFileSchema), next },
    needs: inRoom("room.read"),
  },
  "room.links": {
    path: "/api/rooms/:room/links",
    summary: "Links that were sent to a room, the newest first: all, or those of messages with these words.",
    params: { room },
    query: { q: search, after: cursor, limit },
    result: { links: z.array(roomLinkSchema), next },
    needs: inRoom("room.read"),
  },
  "room.members": {
    path: "/api/rooms/:room/members",
    summary: "A room's members by username.",
    params: { room },
    query: { q: search, after: cursor, limit },
    result: {
      members: z.array(personSchema.extend({ role: z.enum(roomRoles), silencedUntil: z.int().nullable() })),
      next,
    },
    needs: inRoom("room.read"),
  },
  "room.people": {
    path: "/api/rooms/:room/people",
    summary: "The members of a room with these usernames, separated by commas: whom its texts mention.",
    params: { room },
    query: {
      names: z
        .string()
        .max(namesAskedMax * (usernameCharsMax + 1))
        .default(""),
    },
    result: { people: z.array(personSchema) },
    needs: inRoom("room.read"),
  },
  "room.bans": {
    path: "/api/rooms/:room/bans",
    summary: "People who are banned from a room, the last banned first.",
    params: { room },
    query: { after: cursor, limit },
    result: {
      bans: z.array(z.strictObject({ person: personSchema, reason: z.string(), at: z.int() })),
      next,
    },
    needs: inRoom("member.ban"),
  },
  "message.revisions": {
    path: "/api/rooms/:room/messages/:seq/revisions",
    summary: "What a message said, from its first text to its present one.",
    params: { room, seq },
    query: {},
    result: { revisions: z.array(z.strictObject({ text: z.string(), at: z.int() })) },
    needs: inRoom("room.read"),
  },
  "message.readers": {
    path: "/api/rooms/:room/messages/:seq/readers",
    summary: "Who has seen a message, of those who share read receipts; for people who share theirs.",
    params: { room, seq },
    query: {},
    result: { readers: z.array(personSchema) },
    needs: inRoom("room.read"),
  },
  "people.search": {
    path: "/api/people",
    summary:
      "People by the beginning of a word of their name. With a room, each says whether they are in it; those who are come last.",
    params: {},
    query: { q: search, room: roomIdSchema.optional() },
    result: { people: z.array(personSchema.extend({ isMember: z.literal(true).optional() })) },
    needs: ofSession,
  },
  "person.profile": {
    path: "/api/people/:person",
    summary: "A person's profile.",
    params: { person: accountIdSchema },
    query: {},
    result: {
      person: personSchema,
      serverRole: z.enum(serverRoles),
      createdAt: z.int(),
      status: statusSchema,
      /** Null if the person is offline. */
      state: z.enum(presenceStates).nullable(),
    },
    needs: ofSession,
  },
  "people.pictures": {
    path: "/api/people-pictures",
    summary:
      "Which of these people, by id and separated by commas, have a picture: those that you can know of.",
    params: {},
    query: {
      ids: z
        .string()
        .max(peopleAskedMax * 37)
        .default(""),
    },
    result: { pictures: z.array(z.strictObject({ person: accountIdSchema, picture: fileIdSchema })) },
    needs: ofSession,
  },
  "emoji.list": {
    path: "/api/emoji",
    summary: "The server's own emoji, by name.",
    params: {},
    query: {},
    result: {
      emoji: z.array(z.strictObject({ name: z.string(), picture: fileIdSchema, by: accountIdSchema })),
    },
    needs: ofSession,
  },
  "reports.list": {
    path: "/api/reports",
    summary:
      "Reports you can resolve, one for each message: the open ones, oldest first, or the resolved ones, newest first.",
    params: {},
    query: { done: z.literal("1").optional(), after: cursor, limit },
    result: {
      reports: z.array(
        z.strictObject({
          id: z.uuid(),
          room,
          roomName: z.string(),
          seq: z.int(),
          reporter: personSchema,
          sender: personSchema,
          reason: z.string(),
          /** Who else reported the message, and why; at most 20. */
          others: z.array(z.strictObject({ reporter: personSchema, reason: z.string() })),
          /** What the message said when it was reported. */
          text: z.string(),
          at: z.int(),
          outcome: z.enum(reportOutcomes).nullable(),
          resolvedBy: personSchema.nullable(),
          note: z.string(),
        }),
      ),
      next,
    },
    needs: ofSession,
  },
  "word_filter.read": {
    path: "/api/word-filter",
    summary: "The blocked words.",
    params: {},
    query: {},
    result: { words: z.array(z.string()) },
    needs: onServer("word_filter.change"),
  },
  "address_bans.read": {
    path: "/api/address-bans",
    summary: "The banned IP addresses and ranges.",
    params: {},
    query: {},
    result: { addresses: z.array(z.string()) },
    needs: onServer("address.ban"),
  },
} as const satisfies Record<string, ReadSpec>;

export type ReadType = keyof typeof readSpecs;

type Infer<Shape extends z.ZodRawShape> = keyof Shape extends never ? unknown : z.infer<z.ZodObject<Shape>>;

/** The input of a read: the fields of its path and of its query. */
export type ReadInput<T extends ReadType> = Infer<(typeof readSpecs)[T]["params"]> &
  Infer<(typeof readSpecs)[T]["query"]>;
export type ReadResult<T extends ReadType> = z.infer<z.ZodObject<(typeof readSpecs)[T]["result"]>>;

export const readTypes = Object.keys(readSpecs) as ReadType[];

/** The path of every read, for `read-paths.ts`. */
export function pathsOfReads(): { readonly [T in ReadType]: (typeof readSpecs)[T]["path"] } {
  return Object.fromEntries(readTypes.map((type) => [type, readSpecs[type].path])) as never;
}

export type SearchHit = ReadResult<"search.messages">["hits"][number];
export type BrowsedRoom = ReadResult<"rooms.browse">["rooms"][number];
export type Member = ReadResult<"room.members">["members"][number];
export type RoomFile = ReadResult<"room.files">["files"][number];
export type RoomLink = ReadResult<"room.links">["links"][number];
export type Ban = ReadResult<"room.bans">["bans"][number];
export type FollowedThread = ReadResult<"me.threads">["threads"][number];
export type ScheduledMessage = ReadResult<"me.scheduled">["scheduled"][number];
export type Reminder = ReadResult<"me.reminders">["reminders"][number];
export type Report = ReadResult<"reports.list">["reports"][number];
export type Profile = ReadResult<"person.profile">;
/** A person's own settings, and counts of what is waiting for them. */
export type MyLists = ReadResult<"me.read">;
