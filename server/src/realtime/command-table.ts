import type { AnyCommandType, Command, CommandOf, CommandType, FieldsOf } from "@novax/protocol/commands";
import { mayInRoom } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { setAddressBans } from "../admin/address-bans.ts";
import type { Actor } from "../auth/sessions.ts";
import {
  addReaction,
  deleteMessage,
  editMessage,
  pinMessage,
  removeReaction,
} from "../messages/change-message.ts";
import {
  clearReminder,
  followThread,
  markThreadRead,
  saveMessage,
  scheduleMessage,
  setReminder,
  unsaveMessage,
  unscheduleMessage,
} from "../messages/collections.ts";
import { closePoll, votePoll } from "../messages/polls.ts";
import { reportMessage, resolveReport } from "../messages/reports.ts";
import { sendMessage } from "../messages/send-message.ts";
import { archiveRoom, changeRoom } from "../rooms/change-room.ts";
import { createRoom, joinPublicRoom, openDirect } from "../rooms/create-room.ts";
import {
  addMembers,
  banMember,
  leaveRoom,
  removeMember,
  setMemberRole,
  silenceMember,
  unbanMember,
} from "../rooms/members.ts";
import { requireMembership } from "../rooms/memberships.ts";
import {
  blockPerson,
  changeStatus,
  setDoNotDisturb,
  setFilterWords,
  setKeywords,
  setReadReceipts,
  unblockPerson,
} from "../rooms/own-state.ts";
import { hasBlockWithin } from "../rooms/people-queries.ts";
import { keepDraft, markRead, markUnread, setPreferences } from "../rooms/read-marks.ts";
import { attachRooms, viewRoom } from "./attach-rooms.ts";
import type { CommandNeeds } from "./command-needs.ts";
import type { Connection } from "./connection.ts";
import type { Realtime } from "./realtime.ts";

type Done = Record<string, never>;

/** An order of a person, by socket or by HTTP. */
type Order<T extends CommandType> = {
  /** What one costs of a person's budget, where a message is 1. */
  cost: number;
  run: (app: CommandNeeds, actor: Actor, fields: FieldsOf<T>) => Promise<unknown>;
};

/**
 * Every order there is. Who may give it is checked where it is done, in the transaction that does it, and `needs` in
 * the protocol's table says what that is.
 */
export const commandTable: { [T in CommandType]: Order<T> } = {
  "room.create": {
    cost: 5,
    run: async (app, actor, draft) => ({ room: await createRoom(app, actor, draft) }),
  },
  "room.change": {
    cost: 1,
    run: (app, actor, { room, ...changes }) => changeRoom(app, actor, room, changes),
  },
  "room.set_topic": {
    cost: 1,
    run: (app, actor, { room, topic }) => changeRoom(app, actor, room, { topic }, "room.set_topic"),
  },
  "room.archive": { cost: 1, run: (app, actor, { room }) => archiveRoom(app, actor, room, true) },
  "room.unarchive": { cost: 1, run: (app, actor, { room }) => archiveRoom(app, actor, room, false) },
  "room.join": {
    cost: 2,
    run: async (app, actor, { room }) => ({ room: await joinPublicRoom(app, actor, room) }),
  },
  "room.leave": { cost: 1, run: (app, actor, { room }) => leaveRoom(app, actor, room) },
  "direct.open": {
    cost: 2,
    run: async (app, actor, { people }) => ({ room: await openDirect(app, actor, people) }),
  },

  "member.add": { cost: 3, run: (app, actor, { room, people }) => addMembers(app, actor, room, people) },
  "member.remove": { cost: 1, run: (app, actor, { room, person }) => removeMember(app, actor, room, person) },
  "member.set_role": {
    cost: 1,
    run: (app, actor, { room, person, role }) => setMemberRole(app, actor, room, person, role),
  },
  "member.silence": {
    cost: 1,
    run: (app, actor, { room, person, until }) => silenceMember(app, actor, room, person, until),
  },
  "member.ban": {
    cost: 1,
    run: (app, actor, { room, person, reason }) => banMember(app, actor, room, person, reason),
  },
  "member.unban": { cost: 1, run: (app, actor, { room, person }) => unbanMember(app, actor, room, person) },

  "room.mark_read": { cost: 0.2, run: (app, actor, { room, seq }) => markRead(app, actor, room, seq) },
  "room.mark_unread": { cost: 0.5, run: (app, actor, { room, seq }) => markUnread(app, actor, room, seq) },
  "room.set_preferences": {
    cost: 0.5,
    run: (app, actor, { room, ...changes }) => setPreferences(app, actor, room, changes),
  },
  "draft.save": { cost: 0.5, run: (app, actor, { room, text }) => keepDraft(app, actor, room, text) },

  "message.send": {
    cost: 1,
    run: async (app, actor, draft) => {
      const { kind, seq } = await sendMessage(app, actor, draft);
      return kind === "duplicate" ? { seq, duplicate: true } : { seq };
    },
  },
  "message.edit": {
    cost: 1,
    run: (app, actor, { room, seq, text }) => editMessage(app, actor, room, seq, text),
  },
  "message.delete": { cost: 1, run: (app, actor, { room, seq }) => deleteMessage(app, actor, room, seq) },
  "message.pin": { cost: 1, run: (app, actor, { room, seq }) => pinMessage(app, actor, room, seq, true) },
  "message.unpin": { cost: 1, run: (app, actor, { room, seq }) => pinMessage(app, actor, room, seq, false) },
  "message.save": { cost: 0.5, run: (app, actor, { room, seq }) => saveMessage(app, actor, room, seq) },
  "message.unsave": { cost: 0.5, run: (app, actor, { room, seq }) => unsaveMessage(app, actor, room, seq) },
  "message.report": {
    cost: 2,
    run: (app, actor, { room, seq, reason }) => reportMessage(app, actor, room, seq, reason),
  },
  "reaction.add": {
    cost: 0.5,
    run: (app, actor, { room, seq, emoji }) => addReaction(app, actor, room, seq, emoji),
  },
  "reaction.remove": {
    cost: 0.5,
    run: (app, actor, { room, seq, emoji }) => removeReaction(app, actor, room, seq, emoji),
  },
  "poll.vote": {
    cost: 1,
    run: async (app, actor, { room, seq, choices }) => ({
      poll: await votePoll(app, actor, room, seq, choices),
    }),
  },
  "poll.close": { cost: 1, run: (app, actor, { room, seq }) => closePoll(app, actor, room, seq) },
  "thread.follow": {
    cost: 0.5,
    run: (app, actor, { room, seq, isFollowed }) => followThread(app, actor, room, seq, isFollowed),
  },
  "thread.mark_read": {
    cost: 0.2,
    run: (app, actor, { room, seq, upTo }) => markThreadRead(app, actor, room, seq, upTo),
  },
  "message.schedule": { cost: 2, run: (app, actor, draft) => scheduleMessage(app, actor, draft) },
  "message.unschedule": { cost: 0.5, run: (app, actor, { sendId }) => unscheduleMessage(app, actor, sendId) },
  "reminder.set": {
    cost: 2,
    run: async (app, actor, draft) => ({ reminder: await setReminder(app, actor, draft) }),
  },
  "reminder.clear": { cost: 0.5, run: (app, actor, { reminder }) => clearReminder(app, actor, reminder) },
  "report.resolve": {
    cost: 1,
    run: (app, actor, { report, outcome, note }) => resolveReport(app, actor, report, outcome, note),
  },

  "person.block": { cost: 1, run: (app, actor, { person }) => blockPerson(app, actor, person) },
  "person.unblock": { cost: 1, run: (app, actor, { person }) => unblockPerson(app, actor, person) },
  "status.set": { cost: 1, run: (app, actor, status) => changeStatus(app, actor, status) },
  "dnd.set": { cost: 1, run: (app, actor, { until }) => setDoNotDisturb(app, actor, until) },
  "read_receipts.set": { cost: 1, run: (app, actor, { isShared }) => setReadReceipts(app, actor, isShared) },
  "keywords.set": { cost: 2, run: (app, actor, { words }) => setKeywords(app, actor, words) },
  "address_bans.set": { cost: 2, run: (app, actor, { addresses }) => setAddressBans(app, actor, addresses) },
  "word_filter.set": { cost: 2, run: (app, actor, { words }) => setFilterWords(app, actor, words) },
};

type SocketType = Exclude<AnyCommandType, CommandType>;
type SocketEntry<T extends SocketType> = {
  cost: number;
  run: (realtime: Realtime, connection: Connection, command: CommandOf<T>) => Promise<void>;
};

/** What is about the connection itself. */
const socketTable: { [T in SocketType]: SocketEntry<T> } = {
  "room.attach": {
    cost: 1,
    run: async (realtime, connection, { room, afterSeq, epoch }) => {
      if (connection.rooms.has(room)) return;
      await realtime.feeds.open(room).attach(connection, afterSeq, epoch);
      if (connection.rooms.has(room) && connection.viewed === null)
        await viewRoom(realtime, connection, room);
    },
  },
  "rooms.attach": {
    cost: 2,
    run: async (realtime, connection, { positions, epoch }) => {
      if (connection.attachesAll) return;
      const afterSeqs = new Map(positions.map(({ room, afterSeq }) => [room, afterSeq]));
      await attachRooms(realtime, connection, afterSeqs, epoch);
    },
  },
  "room.view": { cost: 0.5, run: (realtime, connection, { room }) => viewRoom(realtime, connection, room) },
  "typing.start": {
    cost: 0.5,
    run: async (realtime, { actor }, { room, threadRoot }) => {
      const membership = await requireMembership(realtime.db.sql, actor, room);
      const { role, silencedUntil } = membership;
      const isSilenced = silencedUntil !== null && silencedUntil > realtime.clock.now();
      // Whoever cannot send what they write is not announced; they hear why when they send it.
      const action = membership.room.posting === "everybody" ? "message.send" : "message.send_always";
      if (membership.room.isArchived || isSilenced || !mayInRoom(role, action, membership.room.kind)) return;
      if (membership.room.kind === "direct" && (await hasBlockWithin(realtime.db.sql, room, actor.id)))
        return;
      const person = asPerson(actor);
      const signal = {
        type: "typing" as const,
        room,
        person,
        ...(threadRoot === undefined ? {} : { threadRoot }),
      };
      realtime.bus.publish({ kind: "typing", room, signal });
    },
  },
  "presence.set": {
    cost: 0.2,
    run: async (realtime, connection, { isAway }) =>
      realtime.presence.setAway(connection, connection.actor.id, isAway),
  },
  ping: { cost: 0.1, run: async () => {} },
};

function isSocketType(type: AnyCommandType): type is SocketType {
  return Object.hasOwn(socketTable, type);
}

/** What a command costs. */
export function costOf(type: AnyCommandType): number {
  return isSocketType(type) ? socketTable[type].cost : commandTable[type].cost;
}

/**
 * Does what a connection orders. Resolves with the members of the reply, or with null where an event is the answer.
 */
export async function runSocketCommand(
  realtime: Realtime,
  connection: Connection,
  command: Command,
): Promise<Record<string, unknown> | null> {
  const { type } = command;
  if (isSocketType(type)) {
    await (socketTable[type] as SocketEntry<SocketType>).run(realtime, connection, command as never);
    return {} satisfies Done;
  }
  const { id: _, type: __, ...fields } = command;
  const result = await runCommand(realtime, connection.actor, type, fields as never);
  // In a room it receives, the event itself, which carries the sendId, is the acknowledgement.
  const isSeen = command.type === "message.send" && connection.rooms.has(command.room);
  return isSeen && !("duplicate" in result) ? null : result;
}

/** Does what a person orders, whichever way the order came. Resolves with what it answers. */
export async function runCommand<T extends CommandType>(
  app: CommandNeeds,
  actor: Actor,
  type: T,
  fields: FieldsOf<T>,
): Promise<Record<string, unknown>> {
  return ((await commandTable[type].run(app, actor, fields)) ?? {}) as Record<string, unknown>;
}
