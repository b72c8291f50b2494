// Emails about what calls for a person and stays unread: who wrote where, and nothing of what they wrote, because mail is not
// encrypted on its way.
import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { isQuiet } from "@novax/protocol/quiet-hours";
import type { Sql } from "../db/database.ts";
import { queueMail } from "../jobs/send-mail.ts";
import type { ServerName } from "../lib/server-name.ts";
import type { Log } from "../log/log.ts";
import { unreadLetter } from "../mail/letters.ts";
import type { Presence } from "../presence/presence.ts";
import { listJoinedRooms } from "../rooms/queries.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import {
  type DuePerson,
  notePeople,
  postponePerson,
  setMailedAt,
  takeDuePerson,
  takeRoom,
} from "./queries.ts";
import { unsubscribeUrl } from "./unsubscribe.ts";

export type UnreadMailNeeds = TransactionNeeds & {
  log: Log;
  identity: ServerName;
  publicUrl: URL;
  presence: Pick<Presence, "stateOf">;
};

const minuteMs = 60_000;
/** Most is read before that, and then nobody is noted for it. */
const lookAfterMs = 5 * minuteMs;
/** Nobody gets more than one in this time. */
const atMostEveryMs = 60 * minuteMs;
/** Of those who are here and see it by themselves, and of those in quiet hours. */
const lookAgainAfterMs = 10 * minuteMs;
const remindAfterMs = 7 * 24 * 60 * minuteMs;
const roomsPerRun = 500;
const peoplePerRun = 500;
const linesMax = 10;

/** Looks for people who have something unread, and sends those their email whose time has come. */
export async function sendUnreadMail(app: UnreadMailNeeds): Promise<void> {
  const now = app.clock.now();
  // One at a time: a room's senders wait for its note, and a room that fails keeps nobody else waiting.
  const lookAtRoom = () =>
    app.db.transact(async (tx) => {
      const noted = await takeRoom(tx, now - lookAfterMs);
      if (noted) await notePeople(tx, noted);
      return noted !== null;
    });
  try {
    for (let count = 0; count < roomsPerRun; count++) if (!(await lookAtRoom())) break;
  } catch (error) {
    app.log.fault("unread_mail.room_failed", error);
  }
  for (let count = 0; count < peoplePerRun; count++) if (!(await mailOne(app, now))) return;
}

/** Looks at one person. Returns false if nobody's time has come. */
async function mailOne(app: UnreadMailNeeds, now: number): Promise<boolean> {
  return transact(app, async ({ sql }) => {
    const person = await takeDuePerson(sql, now);
    if (!person) return false;
    if (!person.isWanted) return true;
    const { account, mailedAt, seenAt } = person;
    // Who left the chat open and went away is not here, although their session is in use.
    const isHere = app.presence.stateOf(account) === "online";
    const mustWait = isHere || isQuiet(person.quietHours, now);
    const earliest = Math.max((mailedAt ?? 0) + atMostEveryMs, mustWait ? now + lookAgainAfterMs : 0);
    if (earliest > now) await postponePerson(sql, account, earliest);
    // One email until they have been here again, and otherwise one a week: they have not come for what the last one says.
    else if (mailedAt === null || seenAt > mailedAt || now - mailedAt > remindAfterMs)
      await mail(app, sql, person, now);
    return true;
  });
}

async function mail(app: UnreadMailNeeds, sql: Sql, person: DuePerson, now: number): Promise<void> {
  const { account, username, email, language } = person;
  const calls = (await listJoinedRooms(sql, account)).flatMap((room) => {
    const count = callsIn(room);
    return count === 0 ? [] : [{ count, line: `${placeOf(room, account)}: ${count}` }];
  });
  if (calls.length === 0) return;
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  const lines = calls.slice(0, linesMax).map(({ line }) => line);
  const unsubscribe = unsubscribeUrl(app, account).href;
  const url = new URL("/chat", app.publicUrl).href;
  await queueMail(app, sql, unreadLetter(email, language, { username, count, lines, url, unsubscribe }), {
    untilMs: atMostEveryMs,
  });
  await setMailedAt(sql, account, now);
}

/** How many unread messages of a room call for its member. */
function callsIn({ kind, notify, isMuted, isRequest, isArchived, mentions, unread }: JoinedRoom): number {
  if (notify === "nothing" || isRequest || isArchived) return 0;
  return isDirect(kind) && !isMuted ? Math.max(unread, mentions) : mentions;
}

function placeOf({ name, people }: JoinedRoom, account: AccountId): string {
  const others = people.filter(({ id }) => id !== account).map((person) => nameOf(person));
  return name || others.join(", ");
}
