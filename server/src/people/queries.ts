import type { MyState, Person } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { searchForm } from "@novax/protocol/names";
import type { ServerRole } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import type { QuietHours } from "@novax/protocol/quiet-hours";
import type { AccountData } from "../accounts/account-data.ts";
import type { Fragment, Sql } from "../db/database.ts";
import { escapeLike } from "../db/like.ts";

type PersonRow = { id: AccountId; username: string; display_name: string };

/**
 * Filters people to those a viewer can know of: everyone on the server or, for guests, everyone they share a room with.
 */
export async function listKnownTo(
  sql: Sql,
  viewer: { id: AccountId },
  ids: readonly AccountId[],
): Promise<Person[]> {
  const rows = await sql<PersonRow>`
    select a.id, a.username, a.display_name
    from accounts a join accounts w on w.id = ${viewer.id}
    where a.id = any(${sql.array(ids, "uuid")}) and a.disabled_at is null and a.deleted_at is null
      and not a.awaits_approval
      and (w.server_role <> 'guest' or a.id = w.id or exists (
        select 1 from memberships x join memberships y on y.room_id = x.room_id
        where x.account_id = w.id and y.account_id = a.id
      ))
    order by a.username_key`;
  return rows.map(toPersonOf);
}

/**
 * Returns people whose username or a word of whose display name begins with `search`, accents aside, whom the viewer can
 * know of and who did not block them.
 */
export async function searchPeople(
  sql: Sql,
  viewer: { id: AccountId },
  { search, room, limit }: { search: string; room: RoomId | null; limit: number },
): Promise<(Person & { isMember?: true })[]> {
  const prefix = `${escapeLike(search.toLowerCase())}%`;
  const word = `% ${escapeLike(searchForm(search))}%`;
  const read = (part: Fragment, count: number) => sql<PersonRow>`
    select a.id, a.username, a.display_name
    from accounts a join accounts w on w.id = ${viewer.id}
    where a.disabled_at is null and a.deleted_at is null and not a.awaits_approval
      and (a.username_key like ${prefix} or ' ' || a.search_name like ${word})
      and (w.server_role <> 'guest' or a.id = w.id or exists (
        select 1 from memberships x join memberships y on y.room_id = x.room_id
        where x.account_id = w.id and y.account_id = a.id
      ))
      and not exists (select 1 from blocks b where b.blocker_id = a.id and b.blocked_id = w.id)
      and ${part}
    order by a.username_key
    ${sql.limit(count)}`;
  if (room === null) return (await read(sql.fragment`true`, limit)).map(toPersonOf);
  // Who is in a room is known to its members alone.
  const isIn = () => sql.fragment`exists (
    select 1 from memberships other join memberships own on own.room_id = other.room_id and own.account_id = w.id
    where other.room_id = ${room}::text and other.account_id = a.id
  )`;
  const others = await read(sql.fragment`not ${isIn()}`, limit);
  const members = others.length < limit ? await read(isIn(), limit - others.length) : [];
  return [
    ...others.map(toPersonOf),
    ...members.map((row) => ({ ...toPersonOf(row), isMember: true as const })),
  ];
}

/** Returns whether any of these people blocked another one of them. */
export async function hasBlockAmong(sql: Sql, people: readonly AccountId[]): Promise<boolean> {
  const rows = await sql`
    select 1 from blocks
    where blocker_id = any(${sql.array(people, "uuid")}) and blocked_id = any(${sql.array(people, "uuid")})
    limit 1`;
  return rows.length > 0;
}

/** Returns whether the account blocked any member of a room, or any of them blocked it. */
export async function hasBlockWithin(sql: Sql, room: RoomId, account: AccountId): Promise<boolean> {
  const rows = await sql`
    select 1 from memberships o join blocks b
      on (b.blocker_id = o.account_id and b.blocked_id = ${account})
      or (b.blocked_id = o.account_id and b.blocker_id = ${account})
    where o.room_id = ${room} limit 1`;
  return rows.length > 0;
}

/** Returns who blocked each of these accounts. */
export async function listBlockers(
  sql: Sql,
  accounts: readonly AccountId[],
): Promise<Map<AccountId, Set<AccountId>>> {
  const rows = await sql<{ blocker_id: AccountId; blocked_id: AccountId }>`
    select blocker_id, blocked_id from blocks where blocked_id = any(${sql.array(accounts, "uuid")})`;
  const blockers = new Map<AccountId, Set<AccountId>>();
  for (const { blocker_id, blocked_id } of rows)
    blockers.set(blocked_id, (blockers.get(blocked_id) ?? new Set()).add(blocker_id));
  return blockers;
}

export async function insertBlock(
  sql: Sql,
  { blocker, blocked, at }: { blocker: AccountId; blocked: AccountId; at: number },
): Promise<void> {
  await sql`
    insert into blocks (blocker_id, blocked_id, at) values (${blocker}, ${blocked}, ${at}) on conflict do nothing`;
}

export async function countBlocks(sql: Sql, blocker: AccountId): Promise<number> {
  const [row] = await sql<{
    blocks: number;
  }>`select count(*) as blocks from blocks where blocker_id = ${blocker}`;
  return row!.blocks;
}

export async function deleteBlock(sql: Sql, blocker: AccountId, blocked: AccountId): Promise<void> {
  await sql`delete from blocks where blocker_id = ${blocker} and blocked_id = ${blocked}`;
}

/** Returns a person's own settings. A status or do not disturb that has ended is left out. */
export async function readMyState(sql: Sql, account: AccountId, now: number): Promise<MyState> {
  const [row] = await sql<
    {
      status_emoji: string;
      status_text: string;
      status_until: number | null;
      quiet_until: number | null;
      shares_reading: boolean;
      notifies_of_threads: boolean;
      notifies_of_reactions: boolean;
      words: string[] | null;
      blocked: PersonRow[] | null;
    } & QuietHoursRow
  >`
    select a.status_emoji, a.status_text, a.status_until, a.quiet_until, a.shares_reading,
      a.notifies_of_threads, a.notifies_of_reactions,
      a.quiet_hours_from, a.quiet_hours_to, a.quiet_hours_zone,
      (select json_agg(word order by word) from alert_words where account_id = a.id) as words,
      (select json_agg(json_build_object('id', o.id, 'username', o.username, 'display_name', o.display_name)
          order by o.username_key)
        from blocks b join accounts o on o.id = b.blocked_id where b.blocker_id = a.id) as blocked
    from accounts a where a.id = ${account}`;
  const isOver = row!.status_until !== null && row!.status_until <= now;
  const dndUntil = row!.quiet_until;
  return {
    status: {
      emoji: isOver ? "" : row!.status_emoji,
      text: isOver ? "" : row!.status_text,
      until: row!.status_until === null || isOver ? null : row!.status_until,
    },
    dndUntil: dndUntil !== null && dndUntil > now ? dndUntil : null,
    quietHours: toQuietHours(row!),
    sharesReadReceipts: row!.shares_reading,
    notifiesOf: { threads: row!.notifies_of_threads, reactions: row!.notifies_of_reactions },
    keywords: row!.words ?? [],
    blocked: (row!.blocked ?? []).map(toPersonOf),
  };
}

/**
 * Returns what others see of these people. A status or do not disturb that has ended is included: the caller checks.
 */
export async function listProfiles(
  sql: Sql,
  ids: readonly AccountId[],
): Promise<{ person: Person; status: MyState["status"]; dndUntil: number | null; picture: FileId | null }[]> {
  const rows = await sql<
    PersonRow & {
      status_emoji: string;
      status_text: string;
      status_until: number | null;
      quiet_until: number | null;
      picture_id: FileId | null;
    }
  >`
    select id, username, display_name, status_emoji, status_text, status_until, quiet_until, picture_id
    from accounts where id = any(${sql.array(ids, "uuid")})`;
  return rows.map((row) => ({
    person: toPersonOf(row),
    status: {
      emoji: row.status_emoji,
      text: row.status_text,
      until: row.status_until,
    },
    dndUntil: row.quiet_until,
    picture: row.picture_id,
  }));
}

/** Returns a person's profile. Null if the viewer cannot know of them. */
export async function findProfile(
  sql: Sql,
  viewer: { id: AccountId },
  id: AccountId,
): Promise<{ person: Person; serverRole: ServerRole; createdAt: number } | null> {
  const [person] = await listKnownTo(sql, viewer, [id]);
  if (!person) return null;
  const [row] = await sql<{ server_role: ServerRole; created_at: number }>`
    select server_role, created_at from accounts where id = ${id}`;
  return { person, serverRole: row!.server_role, createdAt: row!.created_at };
}

export async function setStatus(sql: Sql, account: AccountId, status: MyState["status"]): Promise<void> {
  await sql`
    update accounts set status_emoji = ${status.emoji}, status_text = ${status.text}, status_until = ${status.until}::bigint
    where id = ${account}`;
}

export async function setDndUntil(sql: Sql, account: AccountId, until: number | null): Promise<void> {
  await sql`update accounts set quiet_until = ${until}::bigint where id = ${account}`;
}

export async function setQuietHours(sql: Sql, account: AccountId, hours: QuietHours | null): Promise<void> {
  await sql`
    update accounts set quiet_hours_from = ${hours?.from ?? null}::smallint, quiet_hours_to = ${hours?.to ?? null}::smallint,
      quiet_hours_zone = ${hours?.zone ?? null}::text
    where id = ${account}`;
}

export type QuietHoursRow = {
  quiet_hours_from: number | null;
  quiet_hours_to: number | null;
  quiet_hours_zone: string | null;
};

export function toQuietHours(row: QuietHoursRow): QuietHours | null {
  const { quiet_hours_from: from, quiet_hours_to: to, quiet_hours_zone: zone } = row;
  return from === null || to === null || zone === null ? null : { from, to, zone };
}

export async function setSharesReadReceipts(sql: Sql, account: AccountId, isShared: boolean): Promise<void> {
  await sql`update accounts set shares_reading = ${isShared} where id = ${account}`;
}

export async function setNotifiesOf(
  sql: Sql,
  account: AccountId,
  { threads, reactions }: { threads?: boolean | undefined; reactions?: boolean | undefined },
): Promise<void> {
  await sql`
    update accounts set notifies_of_threads = coalesce(${threads ?? null}::boolean, notifies_of_threads),
      notifies_of_reactions = coalesce(${reactions ?? null}::boolean, notifies_of_reactions)
    where id = ${account}`;
}

export async function replaceKeywords(tx: Sql, account: AccountId, words: readonly string[]): Promise<void> {
  await tx`delete from alert_words where account_id = ${account}`;
  await tx`
    insert into alert_words (account_id, word)
    select ${account}, unnest(${tx.array(words, "text")}) on conflict do nothing`;
}

export async function listKeywords(sql: Sql): Promise<{ account: AccountId; word: string }[]> {
  const rows = await sql<{ account_id: AccountId; word: string }>`select account_id, word from alert_words`;
  return rows.map((row) => ({ account: row.account_id, word: row.word }));
}

function toPersonOf(row: PersonRow): Person {
  return toPerson(row.id, row.username, row.display_name);
}

const keywordData: AccountData = {
  name: "keywords",
  read: async (sql, account) => {
    const rows = await sql<{ word: string }>`select word from alert_words where account_id = ${account}`;
    return rows.map((row) => row.word);
  },
  erase: (tx, account) => tx`delete from alert_words where account_id = ${account}`,
};

const blockData: AccountData = {
  name: "blocked",
  read: async (sql, account) => {
    const rows = await sql<{ username: string }>`
      select a.username from blocks b join accounts a on a.id = b.blocked_id where b.blocker_id = ${account}`;
    return rows.map((row) => row.username);
  },
  erase: (tx, account) => tx`delete from blocks where blocker_id = ${account} or blocked_id = ${account}`,
};

const statusData: AccountData = {
  name: "status",
  read: async (sql, account) => {
    const [row] = await sql`
      select status_emoji as emoji, status_text as text, status_until as until, quiet_until as "dndUntil",
        shares_reading as "sharesReadReceipts", notifies_of_threads as "notifiesOfThreads",
        notifies_of_reactions as "notifiesOfReactions", quiet_hours_from as "quietFromMinute", quiet_hours_to as "quietToMinute",
        quiet_hours_zone as "quietZone"
      from accounts where id = ${account}`;
    return row;
  },
  erase: (tx, account) => tx`
    update accounts set status_emoji = '', status_text = '', status_until = null, quiet_until = null,
      quiet_hours_from = null, quiet_hours_to = null, quiet_hours_zone = null
    where id = ${account}`,
};

export async function findSharesReadReceipts(sql: Sql, account: AccountId): Promise<boolean> {
  const [row] = await sql<{ shares_reading: boolean }>`
    select shares_reading from accounts where id = ${account}`;
  return row?.shares_reading ?? false;
}

/** What this module keeps of a person. */
export const peopleData: readonly AccountData[] = [statusData, keywordData, blockData];
