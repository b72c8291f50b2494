// The commands a `novax.v1` client can send, over the socket or as `POST /api/commands/<type>`. Anything that does not
// match one of these schemas exactly is refused as `malformed`.

import { z } from "zod";
import {
  joinedRoomSchema,
  lineSchema,
  nameSchema,
  notificationLevels,
  paragraphSchema,
  pollStateSchema,
  quietHoursSchema,
  reportOutcomes,
  roomSchema,
} from "./entities.ts";
import { draftFilesSchema, fileIdSchema } from "./files.ts";
import { isIcon } from "./icon.ts";
import { accountIdSchema, createIdSchema, roomIdSchema, sendIdSchema } from "./ids.ts";
import { DoubledMember, parseJson } from "./json.ts";
import {
  bannedAddressesMax,
  draftCharsMax,
  emojiNameCharsMax,
  emojiNameCharsMin,
  filterWordsMax,
  groupPeopleMax,
  keepDaysMax,
  keywordCharsMax,
  keywordsMax,
  membersAddedAtOnceMax,
  noteCharsMax,
  pollChoicesMax,
  positionsMax,
  previewUrlCharsMax,
  pushEndpointCharsMax,
  roomDescriptionCharsMax,
  roomNameCharsMax,
  roomTopicCharsMax,
  slowModeSecondsMax,
  statusTextCharsMax,
  unreadMailMinutes,
} from "./limits.ts";
import { type CommandNeeds, inRoom, onServer } from "./needs.ts";
import { roomRoles } from "./permissions.ts";
import { pushContents } from "./push.ts";
import { isEmoji } from "./text.ts";

// Checks only the shape. What a text may contain is checked later and refused as `message_invalid`.
const bodyShapeSchema = z.union([
  z.strictObject({ kind: z.literal("text"), text: z.string(), files: draftFilesSchema.optional() }),
  z.strictObject({
    kind: z.literal("poll"),
    question: z.string(),
    choices: z.array(z.string()).max(64),
    isMultiple: z.boolean(),
    isAnonymous: z.boolean(),
    closesAt: z.int().nullable(),
  }),
]);

const commandIdSchema = z.int().positive().max(Number.MAX_SAFE_INTEGER);
const room = roomIdSchema;
const seq = z.int().positive();
const at = z.int().nonnegative();
const person = accountIdSchema;
const emoji = z.string().max(40);
const emptySchema = z.strictObject({});

const roomFields = {
  name: nameSchema(roomNameCharsMax),
  topic: lineSchema(roomTopicCharsMax),
  description: paragraphSchema(roomDescriptionCharsMax),
  icon: lineSchema(16).refine(isIcon, "use one letter or one emoji"),
  colour: roomSchema.shape.colour,
};

/** How far a client has a room's log. */
const positionFields = {
  room,
  afterSeq: z.int().nonnegative(),
  /**
   * The time of the event at `afterSeq`. If the log says otherwise, the database went back to an older copy and the log has
   * gone on differently since.
   */
  at: at.optional(),
};

type CommandSpec = { fields: z.ZodRawShape; result: z.ZodType; needs: CommandNeeds };

/**
 * The commands available over both the socket and HTTP: their fields besides `id` and `type`, their result, and the
 * right they need.
 */
export const commandSpecs = {
  "room.create": {
    fields: {
      kind: z.enum(["public", "private"]),
      name: roomFields.name,
      topic: roomFields.topic.optional(),
      description: roomFields.description.optional(),
      icon: roomFields.icon.optional(),
      colour: roomFields.colour.optional(),
      people: z.array(person).max(membersAddedAtOnceMax).optional(),
      /** Becomes the room's id. */
      createId: createIdSchema.optional(),
    },
    result: z.strictObject({ room: joinedRoomSchema }),
    needs: onServer("room.create"),
  },
  "room.change": {
    fields: {
      room,
      name: roomFields.name.optional(),
      topic: roomFields.topic.optional(),
      description: roomFields.description.optional(),
      icon: roomFields.icon.optional(),
      colour: roomFields.colour.optional(),
      posting: roomSchema.shape.posting.optional(),
      slowModeSeconds: z.int().min(0).max(slowModeSecondsMax).optional(),
      keepDays: z.int().min(0).max(keepDaysMax).optional(),
      leavesMark: z.boolean().optional(),
      /** Needs the right `room.allow_previews`. */
      hasLinkPreviews: z.boolean().optional(),
    },
    result: emptySchema,
    needs: inRoom("room.change"),
  },
  "room.set_picture": {
    fields: { room, picture: fileIdSchema.nullable() },
    result: emptySchema,
    needs: inRoom("room.change"),
  },
  "room.set_topic": {
    fields: { room, topic: roomFields.topic },
    result: emptySchema,
    needs: inRoom("room.set_topic"),
  },
  "room.archive": { fields: { room }, result: emptySchema, needs: inRoom("room.archive") },
  "room.unarchive": { fields: { room }, result: emptySchema, needs: inRoom("room.archive") },
  /** Join a public room. */
  "room.join": {
    fields: { room },
    result: z.strictObject({ room: joinedRoomSchema }),
    needs: onServer("room.join"),
  },
  "room.leave": { fields: { room }, result: emptySchema, needs: inRoom("room.leave") },
  /**
   * Open the direct room of exactly these people and the actor: notes to self, a conversation of two, or a group of up
   * to `groupPeopleMax`.
   */
  "direct.open": {
    fields: { people: z.array(person).max(groupPeopleMax - 1) },
    result: z.strictObject({ room: joinedRoomSchema }),
    needs: onServer("direct.open"),
  },

  "member.add": {
    fields: { room, people: z.array(person).min(1).max(membersAddedAtOnceMax) },
    result: emptySchema,
    needs: inRoom("member.add"),
  },
  "member.remove": { fields: { room, person }, result: emptySchema, needs: inRoom("member.remove") },
  "member.set_role": {
    fields: { room, person, role: z.enum(roomRoles) },
    result: emptySchema,
    needs: inRoom("member.set_role"),
  },
  /** Keep a member from posting until this time. Null ends it. */
  "member.silence": {
    fields: { room, person, until: at.nullable() },
    result: emptySchema,
    needs: inRoom("member.silence"),
  },
  "member.ban": {
    fields: { room, person, reason: lineSchema(noteCharsMax) },
    result: emptySchema,
    needs: inRoom("member.ban"),
  },
  "member.unban": { fields: { room, person }, result: emptySchema, needs: inRoom("member.ban") },

  /** Move the read mark forward: everything up to `seq` is read. */
  "room.mark_read": {
    fields: { room, seq: z.int().nonnegative() },
    result: emptySchema,
    needs: inRoom("room.read"),
  },
  /** Move the read mark back: the message at `seq` and everything after it is unread. */
  "room.mark_unread": { fields: { room, seq }, result: emptySchema, needs: inRoom("room.read") },
  "room.set_preferences": {
    fields: {
      room,
      isStarred: z.boolean().optional(),
      isMuted: z.boolean().optional(),
      notify: z.enum(notificationLevels).optional(),
      /** False accepts a stranger's request. */
      isRequest: z.literal(false).optional(),
      /** True hides the room from the list until there is a newer message. */
      isHidden: z.boolean().optional(),
    },
    result: emptySchema,
    needs: inRoom("room.read"),
  },
  "draft.save": {
    fields: { room, text: z.string().max(draftCharsMax), threadRoot: seq.optional() },
    result: emptySchema,
    needs: inRoom("room.read"),
  },

  "message.send": {
    fields: {
      room,
      sendId: sendIdSchema,
      body: bodyShapeSchema,
      /** The `seq` of the message this one replies to. */
      replyTo: seq.optional(),
      /** The `seq` of the first message of the thread this one belongs to. */
      threadRoot: seq.optional(),
      /**
       * Confirms that a text with `@room` or `@here` mentions people on purpose. Required when it mentions more than
       * `mentionConfirmAbove` people. False sends the text without that mention.
       */
      mentionsEveryone: z.boolean().optional(),
    },
    result: z.strictObject({ seq, duplicate: z.literal(true).optional() }),
    needs: inRoom("message.send"),
  },
  "message.edit": {
    fields: {
      room,
      seq,
      text: z.string(),
      /** The files it has from now on. Without them it keeps its files. */
      files: draftFilesSchema.optional(),
    },
    result: emptySchema,
    needs: inRoom("message.edit_own"),
  },
  /** Senders delete their own messages. Other people's need the right `message.delete_any`. */
  "message.delete": { fields: { room, seq }, result: emptySchema, needs: inRoom("message.delete_own") },
  /** Take the preview of a link away. Other people's need the right `message.delete_any`. */
  "message.remove_preview": {
    fields: { room, seq, url: z.string().max(previewUrlCharsMax) },
    result: emptySchema,
    needs: inRoom("message.delete_own"),
  },
  "message.pin": { fields: { room, seq }, result: emptySchema, needs: inRoom("message.pin") },
  "message.unpin": { fields: { room, seq }, result: emptySchema, needs: inRoom("message.pin") },
  "message.save": { fields: { room, seq }, result: emptySchema, needs: inRoom("room.read") },
  "message.unsave": { fields: { room, seq }, result: emptySchema, needs: onServer("me.change") },
  "message.report": {
    fields: { room, seq, reason: lineSchema(noteCharsMax) },
    result: emptySchema,
    needs: inRoom("message.report"),
  },
  "reaction.add": { fields: { room, seq, emoji }, result: emptySchema, needs: inRoom("message.react") },
  "reaction.remove": { fields: { room, seq, emoji }, result: emptySchema, needs: inRoom("message.react") },
  "poll.vote": {
    fields: {
      room,
      seq,
      choices: z
        .array(
          z
            .int()
            .min(0)
            .max(pollChoicesMax - 1),
        )
        .max(pollChoicesMax),
    },
    result: z.strictObject({ poll: pollStateSchema }),
    needs: inRoom("poll.vote"),
  },
  /** Authors close their own polls. Other people's need the right `poll.close_any`. */
  "poll.close": { fields: { room, seq }, result: emptySchema, needs: inRoom("poll.vote") },
  "thread.follow": {
    fields: { room, seq, isFollowed: z.boolean() },
    result: emptySchema,
    needs: inRoom("room.read"),
  },
  "thread.mark_read": { fields: { room, seq, upTo: seq }, result: emptySchema, needs: inRoom("room.read") },
  "message.schedule": {
    fields: {
      ...{ room, sendId: sendIdSchema, text: z.string(), at },
      ...{ replyTo: seq.optional(), threadRoot: seq.optional() },
    },
    result: emptySchema,
    needs: inRoom("message.send"),
  },
  "message.unschedule": {
    fields: { sendId: sendIdSchema },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  "reminder.set": {
    fields: {
      room,
      seq: seq.optional(),
      note: lineSchema(noteCharsMax),
      at,
      /** Becomes the reminder's id. */
      createId: createIdSchema.optional(),
    },
    result: z.strictObject({ reminder: z.uuid() }),
    needs: inRoom("room.read"),
  },
  "reminder.clear": { fields: { reminder: z.uuid() }, result: emptySchema, needs: onServer("me.change") },
  /** The outcome `deleted` also deletes the message. */
  "report.resolve": {
    fields: {
      report: z.uuid(),
      outcome: z.enum(reportOutcomes),
      note: lineSchema(noteCharsMax),
    },
    result: emptySchema,
    needs: onServer("me.change"),
  },

  "person.block": { fields: { person }, result: emptySchema, needs: onServer("me.change") },
  "person.unblock": { fields: { person }, result: emptySchema, needs: onServer("me.change") },
  "status.set": {
    fields: {
      emoji: lineSchema(40).refine((text) => text === "" || isEmoji(text), "use one emoji"),
      text: lineSchema(statusTextCharsMax),
      until: at.nullable(),
    },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** An upload for the purpose `person`. Null removes the picture. */
  "picture.set": {
    fields: { picture: fileIdSchema.nullable() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** An upload for the purpose `server`. Null removes the picture. */
  "server.set_picture": {
    fields: { picture: fileIdSchema.nullable() },
    result: emptySchema,
    needs: onServer("server.change"),
  },
  /** A picture that was uploaded for the purpose `emoji` becomes `:name:` in texts and reactions. */
  "emoji.add": {
    fields: {
      name: z
        .string()
        .regex(
          new RegExp(`^[a-z0-9_+-]{${emojiNameCharsMin},${emojiNameCharsMax}}$`),
          "use 2 to 32 of a-z, 0-9, _ + -",
        ),
      picture: fileIdSchema,
    },
    result: emptySchema,
    needs: onServer("emoji.add"),
  },
  /** People remove those that they added. Other people's need the right `emoji.remove_any`. */
  "emoji.remove": {
    fields: { name: z.string().max(emojiNameCharsMax) },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** Turn do not disturb on until this time. Null turns it off. */
  "dnd.set": { fields: { until: at.nullable() }, result: emptySchema, needs: onServer("me.change") },
  /** The hours in which nothing notifies you. Null: none. */
  "quiet_hours.set": {
    fields: { hours: quietHoursSchema.nullable() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  "read_receipts.set": {
    fields: { isShared: z.boolean() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  "keywords.set": {
    fields: { words: z.array(lineSchema(keywordCharsMax)).max(keywordsMax) },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** Notify this session's browser while no page is open. Takes the place of what it subscribed before. */
  "push.subscribe": {
    fields: {
      /** What `PushSubscription.toJSON()` gives of the browser; the keys are in base64url. */
      endpoint: z.url().max(pushEndpointCharsMax),
      p256dh: z.string().regex(/^[\w-]{87}=?$/),
      auth: z.string().regex(/^[\w-]{22}(==)?$/),
      content: z.enum(pushContents),
    },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** End the notifications of this session's browser. */
  "push.unsubscribe": { fields: {}, result: emptySchema, needs: onServer("me.change") },
  /** Whether replies in threads that you follow, and reactions to your messages, notify you. */
  "notifications.set": {
    fields: { threads: z.boolean().optional(), reactions: z.boolean().optional() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** You have seen the reactions and invitations of your inbox up to a time, in milliseconds since 1970. */
  "inbox.mark_seen": {
    fields: { at: z.int().nonnegative() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** After how long to get an email about what calls for you and stays unread; null: never. */
  "unread_mail.set": {
    fields: { minutes: z.union(unreadMailMinutes.map((minutes) => z.literal(minutes))).nullable() },
    result: emptySchema,
    needs: onServer("me.change"),
  },
  /** Send this session's browser a notification, to see whether it arrives. */
  "push.test": { fields: {}, result: emptySchema, needs: onServer("me.change") },
  "word_filter.set": {
    fields: { words: z.array(lineSchema(keywordCharsMax)).max(filterWordsMax) },
    result: emptySchema,
    needs: onServer("word_filter.change"),
  },
  /** Ban IP addresses and ranges such as 10.0.0.0/8 from the server. */
  "address_bans.set": {
    fields: { addresses: z.array(lineSchema(50)).max(bannedAddressesMax) },
    result: emptySchema,
    needs: onServer("address.ban"),
  },
} as const satisfies Record<string, CommandSpec>;

/** Commands about a single connection. They exist only on the socket and are answered with an empty result. */
export const connectionCommandSpecs = {
  /** Receive a room's events: first those after `afterSeq`, then new ones as they happen. */
  "room.attach": {
    fields: { ...positionFields, epoch: z.string().max(64) },
  },
  /**
   * Receive the events of all rooms the person is in, including rooms joined later. Rooms named in `positions` start
   * after their `afterSeq`, all others at the head that the greeting reported.
   */
  "rooms.attach": {
    fields: {
      epoch: z.string().max(64),
      positions: z.array(z.strictObject(positionFields)).max(positionsMax),
    },
  },
  /**
   * Name the room on screen. The connection gets presence and typing signals for this room until it names another one.
   */
  "room.view": { fields: { room: room.nullable() } },
  "typing.start": {
    fields: { room, threadRoot: seq.optional() },
  },
  /** Report whether the person at this connection is away. */
  "presence.set": { fields: { isAway: z.boolean() } },
  /**
   * Answered immediately. Browsers do not expose the WebSocket's own pings, so clients use this to check the
   * connection.
   */
  ping: { fields: {} },
} as const satisfies Record<string, Pick<CommandSpec, "fields">>;

export type CommandType = keyof typeof commandSpecs;
export type ConnectionCommandType = keyof typeof connectionCommandSpecs;
export type AnyCommandType = CommandType | ConnectionCommandType;

const allSpecs = { ...commandSpecs, ...connectionCommandSpecs };

// A command without fields maps to `unknown`. For an empty shape zod infers an index signature of type never.
export type FieldsOf<T extends AnyCommandType> = keyof (typeof allSpecs)[T]["fields"] extends never
  ? unknown
  : z.infer<z.ZodObject<(typeof allSpecs)[T]["fields"]>>;
export type CommandOf<T extends AnyCommandType> = { id: number; type: T } & FieldsOf<T>;
export type Command = { [T in AnyCommandType]: CommandOf<T> }[AnyCommandType];
export type ResultOf<T extends CommandType> = z.infer<(typeof commandSpecs)[T]["result"]>;

export const commandTypes = Object.keys(commandSpecs) as CommandType[];
export const connectionCommandTypes = Object.keys(connectionCommandSpecs) as ConnectionCommandType[];

export function isConnectionCommand(type: AnyCommandType): type is ConnectionCommandType {
  return Object.hasOwn(connectionCommandSpecs, type);
}

const commandSchemas = new Map<string, z.ZodType<Command>>(
  [...commandTypes, ...connectionCommandTypes].map((type) => [
    type,
    z.strictObject({
      id: commandIdSchema,
      type: z.literal(type),
      ...allSpecs[type].fields,
    }) as unknown as z.ZodType<Command>,
  ]),
);

export type ParsedCommand =
  | { kind: "command"; command: Command }
  /** A command with an id, and a value in it that cannot be taken, such as a text that is too long. */
  | { kind: "refused"; id: number; detail: string }
  /** Not a command: no JSON object, an unknown type or key, or no id. */
  | { kind: "malformed"; id: number | null; detail: string };

/**
 * Parses one text frame into a command, or returns what is wrong with it. Never throws. `id` is the frame's own id if
 * it could be read, so that the refusal can name the command it answers.
 */
export function parseCommand(frame: string): ParsedCommand {
  let value: unknown;
  try {
    value = parseJson(frame);
  } catch (error) {
    const detail =
      error instanceof DoubledMember ? `Send every member once: ${error.message}.` : "Send JSON.";
    return { kind: "malformed", id: null, detail };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "malformed", id: null, detail: "Send a command as a JSON object." };
  }
  const { id, type } = value as { id?: unknown; type?: unknown };
  const readableId = typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : null;
  const schema = typeof type === "string" ? commandSchemas.get(type) : undefined;
  if (!schema) return { kind: "malformed", id: readableId, detail: "Unknown command type." };
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const detail = firstIssue(parsed.error);
    const hasUnknownKey = parsed.error.issues.some((issue) => issue.code === "unrecognized_keys");
    return readableId === null || hasUnknownKey
      ? { kind: "malformed", id: readableId, detail }
      : { kind: "refused", id: readableId, detail };
  }
  return { kind: "command", command: parsed.data };
}

/** Returns the first issue of a failed parse in one line: its path and its message. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "invalid";
  const where = issue.path.map(String).join(".");
  return where ? `${where}: ${issue.message}` : issue.message;
}
