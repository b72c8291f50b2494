import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { ServerIdentity } from "../accounts/server-identity.ts";
import type { AdminNeeds } from "../admin/people.ts";
import type { FactorNeeds } from "../auth/answer-challenge.ts";
import type { RegisterNeeds } from "../auth/register.ts";
import type { ResetNeeds } from "../auth/reset-password.ts";
import type { Actor, SessionLimits } from "../auth/sessions.ts";
import type { SsoClient } from "../auth/sso-client.ts";
import type { CommandNeeds } from "../commands/command-needs.ts";
import type { Config } from "../config/read-config.ts";
import type { CustomEmoji } from "../emoji/custom-emoji.ts";
import type { FileNeeds } from "../files/file-store.ts";
import type { Uploads } from "../files/uploads.ts";
import type { Batcher } from "../lib/batcher.ts";
import type { Budgets } from "../lib/budgets.ts";
import type { Turns } from "../lib/turns.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { AddressBans } from "../moderation/address-bans.ts";
import type { WordFilter } from "../moderation/word-filter.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import type { Keywords } from "../people/keywords.ts";
import type { Presence } from "../presence/presence.ts";
import type { PushSubscribers } from "../push/subscriptions.ts";
import type { SearchIndex } from "../search/search-index.ts";

/** The long-lived objects a request may need. Functions declare the parts they use; only `http` takes all of it. */
export type App = FileNeeds &
  RegisterNeeds &
  ResetNeeds &
  FactorNeeds &
  AdminNeeds &
  CommandNeeds & {
    config: Config;
    epoch: string;
    budgets: Budgets<AccountId>;
    /** Those of sessions, for pages and forms. */
    sessionBudgets: Budgets<SessionId>;
    /** What reads much runs one after the other for each person. */
    turns: Turns<AccountId>;
    /** Those of network addresses, for requests without a session. */
    visitorBudgets: Budgets<string>;
    sessionLimits: SessionLimits;
    /** The person who holds a session's token: for sockets, of which thousands may be opened at the same moment. */
    socketActors: Batcher<string, Actor | null>;
    uploads: Uploads;
    mailer: Mailer;
    identity: ServerIdentity;
    keywords: Keywords;
    textFilter: WordFilter;
    customEmoji: CustomEmoji;
    addressBans: AddressBans;
    presence: Presence;
    searchIndex: SearchIndex;
    pushSubscribers: PushSubscribers;
    outgoing: Outgoing;
    /** Null if no provider is configured. */
    sso: SsoClient | null;
  };
