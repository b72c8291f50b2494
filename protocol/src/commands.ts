// Commands: what a `novax.v1` client may order. A frame that is not exactly one of these is refused as `malformed`.
import { z } from "zod";
import { roomIdSchema, sendIdSchema } from "./ids.ts";

// Its shape alone: what a text may contain is the message's own rule, refused as `message_invalid`.
const bodyShapeSchema = z.strictObject({ kind: z.literal("text"), text: z.string() });

const commandIdSchema = z.int().positive().max(Number.MAX_SAFE_INTEGER);

export const commandSchemas = {
  /** Receive a room's events: first those after `afterSeq`, then each as it happens. */
  "room.attach": z.strictObject({
    id: commandIdSchema,
    type: z.literal("room.attach"),
    room: roomIdSchema,
    afterSeq: z.int().nonnegative(),
    epoch: z.string().max(64),
  }),
  /** Say that everything up to `seq` was read. A mark only grows. */
  "room.mark_read": z.strictObject({
    id: commandIdSchema,
    type: z.literal("room.mark_read"),
    room: roomIdSchema,
    seq: z.int().nonnegative(),
  }),
  "message.send": z.strictObject({
    id: commandIdSchema,
    type: z.literal("message.send"),
    room: roomIdSchema,
    sendId: sendIdSchema,
    body: bodyShapeSchema,
  }),
  "typing.start": z.strictObject({
    id: commandIdSchema,
    type: z.literal("typing.start"),
    room: roomIdSchema,
  }),
  /** Answered at once: a browser cannot see the protocol's own pings, so this is how it knows the line is alive. */
  ping: z.strictObject({ id: commandIdSchema, type: z.literal("ping") }),
} as const;

export type CommandType = keyof typeof commandSchemas;
export type CommandOf<T extends CommandType> = z.infer<(typeof commandSchemas)[T]>;
export type Command = { [T in CommandType]: CommandOf<T> }[CommandType];

export type ParsedCommand =
  | { kind: "command"; command: Command }
  | { kind: "malformed"; id: number | null; detail: string };

/**
 * Turns one text frame into a command, or says what is wrong with it. Never throws.
 * `id` is the frame's own id where it could be read, so that the refusal can name what it answers.
 */
export function parseCommand(frame: string): ParsedCommand {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return { kind: "malformed", id: null, detail: "not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "malformed", id: null, detail: "a command is a JSON object" };
  }
  const { id, type } = value as { id?: unknown; type?: unknown };
  const readableId = typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : null;
  if (typeof type !== "string" || !Object.hasOwn(commandSchemas, type)) {
    return { kind: "malformed", id: readableId, detail: "unknown command type" };
  }
  const parsed = commandSchemas[type as CommandType].safeParse(value);
  if (!parsed.success) return { kind: "malformed", id: readableId, detail: firstIssue(parsed.error) };
  return { kind: "command", command: parsed.data };
}

/** The first mistake of a failed parse in one line: where it is, and what is wrong. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "invalid";
  const where = issue.path.map(String).join(".");
  return where ? `${where}: ${issue.message}` : issue.message;
}
