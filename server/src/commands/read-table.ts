import type { ReadType } from "@novax/protocol/read-paths";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import {
  readMyMentions,
  readReaders,
  readRevisions,
  readRoomEvents,
  readRoomPins,
  readRoomTimeline,
} from "../messages/read-messages.ts";
import { readAddressBans, readReports, readWordFilter } from "../moderation/read-moderation.ts";
import { readPeople, readProfile } from "../people/read-people.ts";
import type { Presence } from "../presence/presence.ts";
import { readBans, readMembers, readPublicRooms, readRooms } from "../rooms/read-rooms.ts";
import { readMySaved } from "../saved/read-saved.ts";
import { readMyReminders, readMyScheduled } from "../scheduled/read-scheduled.ts";
import { readMyThreads, readRoomThread } from "../threads/read-threads.ts";
import type { CommandNeeds } from "./command-needs.ts";
import { readMe } from "./read-me.ts";

export type ReadNeeds = CommandNeeds & { epoch: string; presence: Presence };

type ReadEntry<T extends ReadType> = {
  /** Its cost from the person's budget. A message costs 1. */
  cost: number;
  /** Checks the right to it. The protocol's table names the right in `needs`. */
  run: (app: ReadNeeds, actor: Actor, input: ReadInput<T>) => Promise<ReadResult<T>>;
};

/** All reads over HTTP. */
export const readTable: { [T in ReadType]: ReadEntry<T> } = {
  "me.read": { cost: 0.1, run: readMe },
  "me.mentions": { cost: 0.1, run: readMyMentions },
  "me.saved": { cost: 0.1, run: readMySaved },
  "me.threads": { cost: 0.1, run: readMyThreads },
  "me.scheduled": { cost: 0.1, run: readMyScheduled },
  "me.reminders": { cost: 0.1, run: readMyReminders },
  "rooms.list": { cost: 0.1, run: readRooms },
  "rooms.browse": { cost: 0.1, run: readPublicRooms },
  "room.timeline": { cost: 0.1, run: readRoomTimeline },
  "room.events": { cost: 0.1, run: readRoomEvents },
  "room.thread": { cost: 0.1, run: readRoomThread },
  "room.pins": { cost: 0.1, run: readRoomPins },
  "room.members": { cost: 0.1, run: readMembers },
  "room.bans": { cost: 0.1, run: readBans },
  "message.revisions": { cost: 0.1, run: readRevisions },
  "message.readers": { cost: 0.1, run: readReaders },
  "people.search": { cost: 0.1, run: readPeople },
  "person.profile": { cost: 0.1, run: readProfile },
  "reports.list": { cost: 0.1, run: readReports },
  "word_filter.read": { cost: 0.1, run: readWordFilter },
  "address_bans.read": { cost: 0.1, run: readAddressBans },
};
