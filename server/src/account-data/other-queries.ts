// What the server keeps of a person in tables whose modules have no other use for all of it at once.

import type { AccountData } from "../accounts/account-data.ts";

const accountFacts: AccountData = {
  name: "accountFacts",
  read: async (sql, account) => {
    const [row] = await sql`
      select a.created_at as "createdAt", a.email_verified_at as "emailConfirmedAt", a.language, a.factor_on_at as "factorOnAt",
        a.must_have_factor as "mustHaveFactor", a.disabled_at as "disabledAt", a.awaits_approval as "awaitsApproval",
        a.delete_at as "deleteAt", a.inbox_seen_at as "inboxSeenAt", a.failures_in_a_row as "failedSignIns",
        i.username as "invitedBy", a.invite_note as "inviteNote", v.email as "waitingEmail"
      from accounts a
        left join accounts i on i.id = a.invited_by
        left join email_verifications v on v.account_id = a.id
      where a.id = ${account}`;
    return row;
  },
  erase: (tx, account) => tx`
    update accounts set language = 'en', invited_by = null, inbox_seen_at = 0, failures_in_a_row = 0,
      must_have_factor = false where id = ${account}`,
};

const membershipData: AccountData = {
  name: "memberships",
  read: (sql, account) => sql`
    select m.room_id as room, m.role, m.joined_at as "joinedAt", m.silenced_until as "mutedUntil",
      m.read_seq as "readSeq", m.is_request as "isRequest"
    from memberships m where m.account_id = ${account} order by m.joined_at`,
};

const formerMembershipData: AccountData = {
  name: "formerMemberships",
  read: (sql, account) => sql`
    select room_id as room, silenced_until as "mutedUntil", last_sent_at as "lastSentAt"
    from former_members where account_id = ${account}`,
  erase: (tx, account) => tx`delete from former_members where account_id = ${account}`,
};

const banData: AccountData = {
  name: "roomBans",
  read: (sql, account) => sql`
    select room_id as room, reason, at from room_bans where account_id = ${account} order by at`,
  // What they wrote about others goes, the bans stay.
  erase: async (tx, account) => {
    await tx`delete from room_bans where account_id = ${account}`;
    await tx`update room_bans set reason = '' where banned_by = ${account}`;
  },
};

const browserData: AccountData = {
  name: "knownBrowsers",
  read: (sql, account) => sql`
    select user_agent as "userAgent", address, created_at as "createdAt", last_seen_at as "lastSeenAt",
      trusted_until as "trustedUntil"
    from known_devices where account_id = ${account} order by last_seen_at desc`,
};

/** Each message has up to 50, and an export holds them in memory. */
export const earlierTextsMax = 5000;

const earlierTextData: AccountData = {
  name: "earlierTexts",
  read: (sql, account) => sql`
    select r.room_id as room, r.seq, r.at, r.body
    from message_revisions r join messages m on m.room_id = r.room_id and m.seq = r.seq
    where m.sender_id = ${account} order by r.at desc ${sql.limit(earlierTextsMax)}`,
  erase: (tx, account) => tx`
    delete from message_revisions r using messages m
    where m.room_id = r.room_id and m.seq = r.seq and m.sender_id = ${account}`,
};

const nameData: AccountData = {
  name: "formerUsernames",
  read: (sql, account) => sql`
    select username_key as username, until from reserved_usernames where account_id = ${account}`,
};

const inviteData: AccountData = {
  name: "invitations",
  read: (sql, account) => sql`
    select note, max_uses as "maxUses", uses, created_at as "createdAt", expires_at as "expiresAt",
      revoked_at as "revokedAt"
    from invites where created_by = ${account} order by created_at`,
  erase: (tx, account) => tx`update invites set note = '' where created_by = ${account}`,
};

const mailData: AccountData = {
  name: "confirmationMails",
  read: (sql, account) => sql`
    select email_key as email, sent_at as "sentAt" from verification_mails where account_id = ${account}`,
};

const emojiData: AccountData = {
  name: "customEmoji",
  read: (sql, account) => sql`
    select name, created_at as "createdAt" from custom_emoji where created_by = ${account} order by name`,
};

const pinData: AccountData = {
  name: "pinnedMessages",
  read: (sql, account) => sql`
    select room_id as room, seq, pinned_at as "pinnedAt" from messages
    where pinned_by = ${account} and pinned_at is not null`,
};

export const otherData: readonly AccountData[] = [
  accountFacts,
  membershipData,
  formerMembershipData,
  banData,
  browserData,
  earlierTextData,
  nameData,
  inviteData,
  mailData,
  emojiData,
  pinData,
];
