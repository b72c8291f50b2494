// What runs each command and each read: the one place that knows all of them.
import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { Message } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import type { ReadInput, ReadResult, ReadType } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import { answerWithinMs } from "../db/database.ts";
import { addEmoji, readEmoji, removeEmoji } from "../emoji/custom-emoji.ts";
import { readStorage } from "../files/read-storage.ts";
import { markInboxSeen, readInbox } from "../inbox/inbox.ts";
import type { Budgets } from "../lib/budgets.ts";
import { answerWithin } from "../lib/caller.ts";
import { deleteMessage } from "../messages/delete-message.ts";
import { editMessage } from "../messages/edit-message.ts";
import { pinMessage, unpinMessage } from "../messages/pins.ts";
import { addReaction, removeReaction } from "../messages/reactions.ts";
import {
  readMyMentions,
  readReaders,
  readRevisions,
  readRoomAt,
  readRoomEvents,
  readRoomPins,
  readRoomTimeline,
} from "../messages/read-messages.ts";
import { removePreview } from "../messages/remove-preview.ts";
import { sendMessage } from "../messages/send-message.ts";
import { setAddressBans } from "../moderation/address-bans.ts";
import { readAddressBans, readReports, readWordFilter } from "../moderation/read-moderation.ts";
import { reportMessage, resolveReport } from "../moderation/reports.ts";
import { setFilterWords } from "../moderation/word-filter.ts";
import { setKeywords } from "../people/keywords.ts";
import {
  blockPerson,
  changeQuietHours,
  changeStatus,
  setDoNotDisturb,
  setNotifications,
  setReadReceipts,
  unblockPerson,
} from "../people/my-profile.ts";
import { readPeople, readProfile } from "../people/read-people.ts";
import { readPictures } from "../pictures/read-pictures.ts";
import { setMyPicture, setPictureOfRoom, setPictureOfServer } from "../pictures/set-pictures.ts";
import { closePoll } from "../polls/close-poll.ts";
import { votePoll } from "../polls/vote-poll.ts";
import type { Presence } from "../presence/presence.ts";
import { readPush, subscribePush, testPush, unsubscribePush } from "../push/subscriptions.ts";
import { archiveRoom, changeRoom, setTopic, unarchiveRoom } from "../rooms/change-room.ts";
import { createRoom, joinPublicRoom } from "../rooms/create-room.ts";
import {
  addMembers,
  banMember,
  leaveRoom,
  removeMember,
  setMemberRole,
  silenceMember,
  unbanMember,
} from "../rooms/members.ts";
import { keepDraft, markRead, markUnread, setPreferences } from "../rooms/my-room.ts";
import { openDirect } from "../rooms/open-direct.ts";
import { readBans, readMembers, readPeopleByName, readPublicRooms, readRooms } from "../rooms/read-rooms.ts";
import { readMySaved } from "../saved/read-saved.ts";
import { saveMessage, unsaveMessage } from "../saved/save-message.ts";
import { readMyReminders, readMyScheduled } from "../scheduled/read-scheduled.ts";
import { clearReminder, setReminder } from "../scheduled/reminders.ts";
import { scheduleMessage, unscheduleMessage } from "../scheduled/schedule-message.ts";
import type { SearchNeeds } from "../search/find-messages.ts";
import { readRoomFiles, readRoomLinks } from "../search/room-lists.ts";
import { searchMessages } from "../search/search-messages.ts";
import { followThread, markThreadRead } from "../threads/follow-thread.ts";
import { readMyThreads, readRoomThread } from "../threads/read-threads.ts";
import { readUnreadMail, setUnreadMail } from "../unread-mail/unsubscribe.ts";
import type { CommandNeeds } from "./command-needs.ts";
import { readMe } from "./read-me.ts";

type RunNeeds = CommandNeeds & { budgets: Budgets<AccountId> };

/** A command with an empty result returns nothing. */
type Returned<T extends CommandType> =
  ResultOf<T> extends Record<string, never> ? Promise<void> : Promise<ResultOf<T>>;

type CommandEntry<T extends CommandType> = {
  /** Its cost from the person's budget. A message costs 1. */
  cost: number;
  /** Checks the right to it in the same transaction. The protocol's table names the right in `needs`. */
  run: (app: RunNeeds, actor: Actor, fields: FieldsOf<T>) => Returned<T>;
};

/** All commands that exist both on the socket and over HTTP. */
export const commandTable: { [T in CommandType]: CommandEntry<T> } = {
  "room.create": { cost: 5, run: createRoom },
  "room.change": { cost: 1, run: changeRoom },
  "room.set_picture": { cost: 2, run: setPictureOfRoom },
  "room.set_topic": { cost: 1, run: setTopic },
  "room.archive": { cost: 1, run: archiveRoom },
  "room.unarchive": { cost: 1, run: unarchiveRoom },
  "room.join": { cost: 2, run: joinPublicRoom },
  "room.leave": { cost: 1, run: leaveRoom },
  "direct.open": { cost: 2, run: openDirect },

  "member.add": { cost: 3, run: addMembers },
  "member.remove": { cost: 1, run: removeMember },
  "member.set_role": { cost: 1, run: setMemberRole },
  "member.silence": { cost: 1, run: silenceMember },
  "member.ban": { cost: 1, run: banMember },
  "member.unban": { cost: 1, run: unbanMember },

  "room.mark_read": { cost: 0.2, run: markRead },
  "room.mark_unread": { cost: 0.5, run: markUnread },
  "room.set_preferences": { cost: 0.5, run: setPreferences },
  "draft.save": { cost: 0.5, run: keepDraft },

  "message.send": {
    cost: 1,
    run: async (app, actor, fields) => {
      if (fields.body.kind === "text") app.budgets.chargeText(actor.id, fields.body.text);
      const { kind, seq } = await sendMessage(app, actor, fields);
      return kind === "duplicate" ? { seq, duplicate: true } : { seq };
    },
  },
  "message.edit": {
    cost: 1,
    run: (app, actor, fields) => {
      app.budgets.chargeText(actor.id, fields.text);
      return editMessage(app, actor, fields);
    },
  },
  "message.delete": { cost: 1, run: deleteMessage },
  "message.remove_preview": { cost: 1, run: removePreview },
  "message.pin": { cost: 1, run: pinMessage },
  "message.unpin": { cost: 1, run: unpinMessage },
  "message.save": { cost: 0.5, run: saveMessage },
  "message.unsave": { cost: 0.5, run: unsaveMessage },
  "message.report": { cost: 2, run: reportMessage },
  "message.schedule": {
    cost: 2,
    run: (app, actor, fields) => {
      app.budgets.chargeText(actor.id, fields.text);
      return scheduleMessage(app, actor, fields);
    },
  },
  "message.unschedule": { cost: 0.5, run: unscheduleMessage },
  "reaction.add": { cost: 0.5, run: addReaction },
  "reaction.remove": { cost: 0.5, run: removeReaction },
  "poll.vote": { cost: 1, run: votePoll },
  "poll.close": { cost: 1, run: closePoll },
  "thread.follow": { cost: 0.5, run: followThread },
  "thread.mark_read": { cost: 0.2, run: markThreadRead },
  "reminder.set": { cost: 2, run: setReminder },
  "reminder.clear": { cost: 0.5, run: clearReminder },
  "report.resolve": { cost: 1, run: resolveReport },

  "person.block": { cost: 1, run: blockPerson },
  "person.unblock": { cost: 1, run: unblockPerson },
  "status.set": { cost: 1, run: changeStatus },
  "emoji.add": { cost: 3, run: addEmoji },
  "emoji.remove": { cost: 1, run: removeEmoji },
  "picture.set": { cost: 2, run: setMyPicture },
  "server.set_picture": { cost: 2, run: setPictureOfServer },
  "dnd.set": { cost: 1, run: setDoNotDisturb },
  "quiet_hours.set": { cost: 1, run: changeQuietHours },
  "read_receipts.set": { cost: 1, run: setReadReceipts },
  "keywords.set": { cost: 2, run: setKeywords },
  "notifications.set": { cost: 1, run: setNotifications },
  "inbox.mark_seen": { cost: 0.2, run: markInboxSeen },
  "push.subscribe": { cost: 2, run: subscribePush },
  "push.unsubscribe": { cost: 1, run: unsubscribePush },
  "unread_mail.set": { cost: 1, run: setUnreadMail },
  // It sends a request, and waits for the answer.
  "push.test": { cost: 10, run: testPush },
  "word_filter.set": { cost: 2, run: setFilterWords },
  "address_bans.set": { cost: 2, run: setAddressBans },
};

/**
 * Runs a command from the socket or HTTP. Returns its result, `{}` if it is empty. Refuses as the command does, and with
 * `unavailable` if there is no result in `answerWithinMs`, after which it does not happen.
 */
export async function runCommand<T extends CommandType>(
  app: RunNeeds,
  actor: Actor,
  type: T,
  fields: FieldsOf<T>,
): Promise<ResultOf<T>> {
  const result = await answerWithin(
    answerWithinMs,
    async () => await commandTable[type].run(app, actor, fields),
  );
  return (result ?? {}) as ResultOf<T>;
}

export type ReadNeeds = RunNeeds & SearchNeeds & { epoch: string; presence: Presence };

type ReadEntry<T extends ReadType> = {
  /** What one costs of a person's budget, where a message is 1. */
  cost: number;
  /** Checks the right to it; `needs` in the protocol's table says which that is. */
  run: (app: ReadNeeds, actor: Actor, input: ReadInput<T>) => Promise<ReadResult<T>>;
  /** How many rows were read beside those in the answer, which say what it costs by their length. */
  rowsOf?: (result: ReadResult<T>) => number;
};

/** Every read of a person, over HTTP. */
export const readTable: { [T in ReadType]: ReadEntry<T> } = {
  "me.read": { cost: 0.2, run: readMe },
  "me.inbox": { cost: 1, run: readInbox },
  "me.mentions": { cost: 0.5, run: readMyMentions },
  "me.saved": { cost: 0.2, run: readMySaved },
  "me.threads": { cost: 0.5, run: readMyThreads },
  "me.scheduled": { cost: 0.1, run: readMyScheduled },
  "me.reminders": { cost: 0.1, run: readMyReminders },
  "me.unread_mail": { cost: 0.2, run: readUnreadMail },
  "me.push": { cost: 0.2, run: readPush },
  "me.storage": { cost: 0.2, run: readStorage },
  // What it takes beside that is charged when it is known.
  "search.messages": { cost: 0.5, run: searchMessages },
  "rooms.list": { cost: 1, run: readRooms },
  "rooms.browse": { cost: 0.3, run: readPublicRooms },
  "room.timeline": { cost: 0.2, run: readRoomTimeline, rowsOf: ({ entries }) => countVotes(entries) },
  "room.events": { cost: 0.2, run: readRoomEvents },
  "room.thread": { cost: 0.2, run: readRoomThread, rowsOf: ({ entries }) => countVotes(entries) },
  "room.files": { cost: 0.3, run: readRoomFiles },
  "room.links": { cost: 0.3, run: readRoomLinks },
  "room.at": { cost: 0.1, run: readRoomAt },
  "room.pins": { cost: 0.2, run: readRoomPins, rowsOf: ({ messages }) => countVotes(messages) },
  "room.members": { cost: 0.2, run: readMembers },
  "room.people": { cost: 0.1, run: readPeopleByName },
  "room.bans": { cost: 0.1, run: readBans },
  "message.revisions": { cost: 0.1, run: readRevisions },
  "message.readers": { cost: 0.1, run: readReaders },
  "emoji.list": { cost: 0.3, run: readEmoji },
  "people.pictures": { cost: 0.2, run: readPictures },
  "people.search": { cost: 0.3, run: readPeople },
  "person.profile": { cost: 0.1, run: readProfile },
  "reports.list": { cost: 0.2, run: readReports },
  "word_filter.read": { cost: 0.1, run: readWordFilter },
  "address_bans.read": { cost: 0.1, run: readAddressBans },
};

/** The votes that were counted for these messages. */
function countVotes(messages: readonly object[]): number {
  let votes = 0;
  for (const message of messages)
    if ("poll" in message) for (const count of (message as Message).poll?.counts ?? []) votes += count;
  return votes;
}
