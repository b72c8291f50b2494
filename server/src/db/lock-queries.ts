import type { Sql } from "./database.ts";

// Advisory locks, for what no row or index can hold: "at most so many" over rows that may not exist yet. At READ
// COMMITTED, a count that follows the lock as a statement of its own sees what everybody before has committed.
// Taken after a room's lock, where there is one. Numbers are never changed or used again: processes of two versions may
// run at once. 7038411 is that of the migrations.
const lockKeys = {
  storage: 7_063_001,
  usernames: 7_063_002,
  roomNames: 7_063_003,
  wordFilter: 7_063_004,
  addressBans: 7_063_005,
  invites: 7_063_006,
} as const;

// The first number of locks with two: of a person, and of an email address.
const personClass = 7063;
const mailboxClass = 7064;

/** Lets one transaction at a time work on something that there is once. Holds until the transaction ends. */
export async function lockOnly(tx: Sql, what: keyof typeof lockKeys): Promise<void> {
  await tx`select pg_advisory_xact_lock(${lockKeys[what]})`;
}

/**
 * Lets one transaction at a time count what these people have, and add to it. Everybody whose limit counts is named at
 * once, so that two transactions lock them in the same order. Holds until the transaction ends.
 */
export async function lockLimitsOf(tx: Sql, people: readonly string[]): Promise<void> {
  await tx`
    select pg_advisory_xact_lock(${personClass}::integer, key)
    from (select distinct hashtext(id) as key from unnest(${tx.array(people, "text")}) as id order by key) as keys`;
}

/** Lets one transaction at a time count the mails to an address. */
export async function lockMailbox(tx: Sql, emailKey: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(${mailboxClass}::integer, hashtext(${emailKey}))`;
}
