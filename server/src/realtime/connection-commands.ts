import {
  type AnyCommandType,
  type Command,
  type CommandOf,
  type ConnectionCommandType,
  isConnectionCommand,
} from "@novax/protocol/commands";
import { mayInRoom } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { commandTable, runCommand } from "../commands/tables.ts";
import { answerWithinMs } from "../db/database.ts";
import { answerWithin } from "../lib/caller.ts";
import { hasBlockWithin } from "../people/queries.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import { attachRooms, checkPositions, viewRoom } from "./attach-rooms.ts";
import type { NovaxConnection } from "./connection.ts";
import { resume } from "./novax-subscriber.ts";
import type { Realtime } from "./realtime.ts";
import type { Opening } from "./subscriber.ts";

type ConnectionEntry<T extends ConnectionCommandType> = {
  /** What the command costs of the account's budget, where a message is 1. */
  cost: number;
  run: (realtime: Realtime, connection: NovaxConnection, command: CommandOf<T>) => Promise<void>;
};

/** The commands that act on the connection itself. */
const connectionTable: { [T in ConnectionCommandType]: ConnectionEntry<T> } = {
  "room.attach": {
    cost: 1,
    run: async (realtime, connection, { epoch, ...position }) => {
      const { room } = position;
      if (connection.rooms.has(room)) return;
      const opening: Opening = async (feed) => {
        // Only for a member: who is none learns nothing from how long it takes.
        const afterSeq = (await checkPositions(realtime, [position])).get(room) ?? null;
        return resume(connection, { afterSeq, epoch })(feed);
      };
      await realtime.feeds.open(room).attach(connection, opening);
      if (connection.rooms.has(room) && connection.viewed === null)
        await viewRoom(realtime, connection, room);
    },
  },
  "rooms.attach": {
    cost: 2,
    run: async (realtime, connection, { positions, epoch }) => {
      if (connection.attachesAll) return;
      await attachRooms(realtime, connection, positions, epoch);
    },
  },
  "room.view": { cost: 0.5, run: (realtime, connection, { room }) => viewRoom(realtime, connection, room) },
  "typing.start": { cost: 0.5, run: startTyping },
  "presence.set": {
    cost: 0.2,
    run: async ({ presence }, connection, { isAway }) =>
      presence.setAway(connection, connection.actor.id, isAway),
  },
  ping: { cost: 0.1, run: async () => {} },
};

export function costOf(type: AnyCommandType): number {
  return isConnectionCommand(type) ? connectionTable[type].cost : commandTable[type].cost;
}

/** Runs a command from a socket. Resolves with its result, or with null if an event answers it. */
export async function runSocketCommand(
  realtime: Realtime,
  connection: NovaxConnection,
  command: Command,
): Promise<Record<string, unknown> | null> {
  const { id: _, type, ...fields } = command;
  if (isConnectionCommand(type)) {
    await answerWithin(answerWithinMs, () =>
      connectionTable[type].run(realtime, connection, command as never),
    );
    return {};
  }
  const result = await runCommand(realtime, connection.actor, type, fields as never);
  // In a room that this connection receives, the event itself carries the sendId and acknowledges the message.
  const isReceived = command.type === "message.send" && connection.rooms.has(command.room);
  return isReceived && !("duplicate" in result) ? null : result;
}

async function startTyping(
  realtime: Realtime,
  { actor }: NovaxConnection,
  { room: id, threadRoot }: CommandOf<"typing.start">,
): Promise<void> {
  const { room, role, silencedUntil } = await requireMembership(realtime.db.sql, actor, id);
  const isSilenced = silencedUntil !== null && silencedUntil > realtime.clock.now();
  // Members who may not post do not show as typing. They get the reason when they send.
  const right = room.posting === "everybody" ? "message.send" : "message.send_always";
  if (room.isArchived || isSilenced || !mayInRoom(role, right, room.kind)) return;
  if (room.kind === "direct" && (await hasBlockWithin(realtime.db.sql, id, actor.id))) return;
  const thread = threadRoot === undefined ? {} : { threadRoot };
  const signal = { type: "typing", room: id, person: asPerson(actor), ...thread } as const;
  realtime.bus.publish({ kind: "typing", room: id, signal });
}
