import { basicSendSchema } from "@novax/protocol/basic";
import { parseCommand } from "@novax/protocol/commands";
import { generalRoomId } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { DoubledMember, parseJson } from "@novax/protocol/json";
import type { RefusalCode } from "@novax/protocol/replies";
import { refusalOf } from "../db/refusal-of.ts";
import { Refusal } from "../lib/refusal.ts";
import { sendMessage } from "../messages/send-message.ts";
import { textsIn } from "../texts/texts.ts";
import type { BasicConnection, Connection, NovaxConnection } from "./connection.ts";
import { costOf, runSocketCommand } from "./connection-commands.ts";
import type { Realtime } from "./realtime.ts";

/** The cost of a frame that is no command, or one with a field that cannot be taken. */
const refusedCost = 1;

/** Takes one frame of a `novax.v1` connection from its text to its reply. Never throws. */
export async function runFrame(
  realtime: Realtime,
  connection: NovaxConnection,
  frame: string,
): Promise<void> {
  const parsed = parseCommand(frame);
  const id = parsed.kind === "command" ? parsed.command.id : parsed.id;
  const type = parsed.kind === "command" ? parsed.command.type : undefined;
  try {
    if (parsed.kind !== "command") {
      // A program that sends no commands will not begin to. A field that was refused is an ordinary reply.
      if (parsed.kind === "malformed") connection.countMalformed(realtime.clock.now());
      connection.spend(refusedCost, realtime.clock.now());
      throw new Refusal("malformed", parsed.detail);
    }
    connection.spend(costOf(parsed.command.type), realtime.clock.now());
    const result = await runSocketCommand(realtime, connection, parsed.command);
    if (result !== null) connection.send({ type: "reply", re: parsed.command.id, ok: true, result });
  } catch (error) {
    const { code, detail, retryInMs } = toRefusal(realtime, connection, { error, type });
    const hint = retryInMs === undefined ? {} : { retryInMs };
    connection.send({ type: "reply", re: id, ok: false, code, detail, ...hint });
  }
}

/** As {@link runFrame}, for a connection of the basic protocol: every frame is a message to `general`. */
export async function runBasicFrame(
  realtime: Realtime,
  connection: BasicConnection,
  frame: string,
): Promise<void> {
  const sendId = realtime.newSendId() as SendId;
  try {
    connection.spend(1, realtime.clock.now());
    const text = parseBasicText(frame);
    connection.sentIds.add(sendId);
    await sendMessage(realtime, connection.actor, {
      room: generalRoomId,
      sendId,
      body: { kind: "text", text },
      // A basic client cannot be asked to confirm that it mentions many people.
      mentionsEveryone: false,
    });
  } catch (error) {
    connection.sentIds.delete(sendId);
    const { code, detail } = toRefusal(realtime, connection, { error, type: "message.send" });
    connection.send({ type: "error", detail, code });
  }
}

function parseBasicText(frame: string): string {
  let value: unknown;
  try {
    value = parseJson(frame);
  } catch (error) {
    const isDoubled = error instanceof DoubledMember;
    throw new Refusal("malformed", isDoubled ? `Send every member once: ${error.message}.` : "Send JSON.");
  }
  const parsed = basicSendSchema.safeParse(value);
  if (!parsed.success)
    throw new Refusal("malformed", 'Send a message as {"sender","text","timestamp"}, with a text.');
  return parsed.data.text;
}

function toRefusal(
  realtime: Realtime,
  { language }: Connection,
  { error, type }: { error: unknown; type: string | undefined },
): { code: RefusalCode; detail: string; retryInMs: number | undefined } {
  const refusal = refusalOf(error);
  if (refusal)
    return { code: refusal.code, detail: refusal.detailIn(language), retryInMs: refusal.retryInMs };
  const { refusals } = textsIn(language);
  const faultId = realtime.log.fault("command.failed", error, { command: type });
  return { code: "internal", detail: refusals.fault(faultId), retryInMs: undefined };
}
