// Frames for a single connection: the greeting, the reply to a command, and the request to load a room again.
import { z } from "zod";
import { joinedRoomSchema, personSchema } from "./entities.ts";
import { eventsFrameSchema } from "./events.ts";
import { roomIdSchema } from "./ids.ts";
import { signalSchemas } from "./signals.ts";

/** Refusal codes. A code never changes its meaning. `detail` is for people and may change. */
export const refusalCodes = [
  "malformed",
  "not_found",
  "forbidden",
  "rate_limited",
  "unavailable",
  "internal",
  "unauthenticated",
  "invalid_credentials",
  "too_many_attempts",
  "origin_refused",
  "unsupported_media_type",
  "body_too_large",
  "uri_too_long",
  "method_not_allowed",
  "username_taken",
  "username_invalid",
  "email_invalid",
  "password_too_short",
  "password_too_long",
  "password_invalid",
  "password_common",
  "passwords_differ",
  "current_password_wrong",
  "setup_code_required",
  "registration_closed",
  "invite_required",
  "invite_invalid",
  "approval_pending",
  "second_factor_required",
  "second_factor_setup_required",
  "second_factor_on",
  "second_factor_off",
  "challenge_ended",
  "code_wrong",
  "passkey_refused",
  "reauth_required",
  "link_invalid",
  "email_taken",
  "display_name_invalid",
  "last_owner",
  "sso_refused",
  "erasure_not_allowed",
  "message_invalid",
  "message_filtered",
  "message_gone",
  "confirmation_required",
  "room_archived",
  "room_invalid",
  "room_fixed",
  "posting_restricted",
  "slow_mode",
  "silenced",
  "banned",
  "blocked",
  "poll_closed",
  "too_many",
  "time_invalid",
  "address_invalid",
  "storage_full",
  "quota",
  "push_refused",
  "file_empty",
  "file_too_large",
  "file_gone",
  "file_unfinished",
  "upload_offset",
  "name_taken",
  "picture_too_large",
  "picture_unreadable",
  "picture_unsupported",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export const helloSchema = z.strictObject({
  type: z.literal("hello"),
  protocol: z.literal("novax.v1"),
  epoch: z.string(),
  you: personSchema,
  rooms: z.array(joinedRoomSchema),
  serverTime: z.int(),
});

export const replySchema = z.discriminatedUnion("ok", [
  z.strictObject({
    type: z.literal("reply"),
    /** The id of the command this replies to. */
    re: z.int().positive(),
    ok: z.literal(true),
    /** The result in the shape that `commandSpecs` defines for the command. */
    result: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    type: z.literal("reply"),
    /** The id of the command this replies to. Null if it could not be read. */
    re: z.int().positive().nullable(),
    ok: z.literal(false),
    code: z.enum(refusalCodes),
    detail: z.string(),
    retryInMs: z.int().nonnegative().optional(),
  }),
]);

/** Discard the room's state and load its newest page. The next event is the one after `headSeq`. */
export const resyncSchema = z.strictObject({
  type: z.literal("resync"),
  room: roomIdSchema,
  epoch: z.string(),
  headSeq: z.int().nonnegative(),
});

/** The viewer is no longer a member of the room and gets nothing more from it. */
export const roomLeftSchema = z.strictObject({ type: z.literal("room.left"), room: roomIdSchema });

/** The viewer has become a member of the room. Its events follow. */
export const roomJoinedSchema = z.strictObject({ type: z.literal("room.joined"), room: joinedRoomSchema });

export const serverFrameSchema = z.union([
  helloSchema,
  replySchema,
  resyncSchema,
  roomLeftSchema,
  roomJoinedSchema,
  eventsFrameSchema,
  ...signalSchemas,
]);

export type Hello = z.infer<typeof helloSchema>;
export type Reply = z.infer<typeof replySchema>;
export type Resync = z.infer<typeof resyncSchema>;
export type RoomLeft = z.infer<typeof roomLeftSchema>;
export type RoomJoined = z.infer<typeof roomJoinedSchema>;
export type ServerFrame = z.infer<typeof serverFrameSchema>;
