import type { CommandOf, CommandType } from "@novax/protocol/commands";
import { asPerson } from "@novax/protocol/person";
import { sendMessage } from "../messages/send-message.ts";
import { raiseReadMark, requireMembership } from "../rooms/memberships.ts";
import type { Connection } from "./connection.ts";
import type { Realtime } from "./realtime.ts";

/** What a command answers with; null where an event is the answer. */
export type CommandResult = { seq?: number; duplicate?: true } | null;

type Entry<T extends CommandType> = {
  /** What one costs of a connection's budget, where a message is 1. */
  cost: number;
  handle: (realtime: Realtime, connection: Connection, command: CommandOf<T>) => Promise<CommandResult>;
};

/** Every command there is. What it may do is checked where it does it, by the same functions that HTTP calls. */
export const commandTable: { [T in CommandType]: Entry<T> } = {
  "room.attach": {
    cost: 1,
    handle: async (realtime, connection, { room, afterSeq, epoch }) => {
      if (connection.rooms.has(room)) return {};
      await realtime.feeds.open(room).attach(connection, afterSeq, epoch);
      if (connection.rooms.has(room)) connection.send(realtime.presence.snapshot(room));
      return {};
    },
  },
  "room.mark_read": {
    cost: 0.2,
    handle: async (realtime, { actor }, { room, seq }) => {
      await requireMembership(realtime.db.sql, actor, room);
      const mark = await raiseReadMark(realtime.db.sql, room, actor.id, seq);
      if (mark !== null) {
        realtime.bus.publish({ kind: "read", account: actor.id, signal: { type: "read", room, seq: mark } });
      }
      return {};
    },
  },
  "message.send": {
    cost: 1,
    handle: async (realtime, connection, { room, sendId, body }) => {
      const { kind, message } = await sendMessage(realtime, connection.actor, { room, sendId, body });
      if (kind === "duplicate") return { seq: message.seq, duplicate: true };
      // In a room it receives, the event itself, which carries the sendId, is the acknowledgement.
      return connection.rooms.has(room) ? null : { seq: message.seq };
    },
  },
  "typing.start": {
    cost: 0.5,
    handle: async (realtime, { actor }, { room }) => {
      await requireMembership(realtime.db.sql, actor, room);
      const who = asPerson(actor);
      realtime.bus.publish({ kind: "typing", room, signal: { type: "typing", room, who } });
      return {};
    },
  },
  ping: { cost: 0.1, handle: async () => ({}) },
};
