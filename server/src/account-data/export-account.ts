import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { findAccountById } from "../accounts/queries.ts";
import { listAuditOf } from "../audit/queries.ts";
import { listIdentities } from "../auth/identity-queries.ts";
import { listPasskeys } from "../auth/passkey-queries.ts";
import { listSessions } from "../auth/session-queries.ts";
import type { SessionLimits } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database, Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { listNotices } from "../notices/queries.ts";
import { listJoinedRooms } from "../rooms/queries.ts";
import { earlierTextsMax } from "./other-queries.ts";
import { accountData } from "./parts.ts";
import { listSentMessages } from "./queries.ts";

export type ExportNeeds = { db: Database; bus: Bus; clock: Clock; sessionLimits: SessionLimits };

/** Few, so that what else the process does goes on between two pages. */
const pageMessages = 50;
const restMs = 25;
const listMax = 1000;

/**
 * Returns all data the server keeps about a person as JSON, in chunks, because there may be many messages. It contains
 * no secrets.
 */
export async function* exportAccount(app: ExportNeeds, person: Person): AsyncGenerator<string> {
  const { sql } = app.db;
  const now = app.clock.now();
  const account = (await findAccountById(sql, person.id))!;
  const { id, username, displayName, email, isEmailVerified, serverRole, hasFactor } = account;
  const about = {
    exportedAt: now,
    account: { id, username, displayName, email, isEmailVerified, serverRole, hasFactor },
    rooms: await listJoinedRooms(sql, person.id),
    kept: await readParts(sql, id),
    sessions: await listSessions(app, id),
    passkeys: (await listPasskeys(sql, id)).map(({ name, createdAt, lastUsedAt }) => ({
      name,
      createdAt,
      lastUsedAt,
    })),
    identities: await listIdentities(sql, id),
    // The newest of them; an operator can export the whole log.
    notices: await listNotices(sql, id, "en", { limit: listMax }),
    audit: await listAuditOf(sql, id, listMax),
    newestOnly: { notices: listMax, audit: listMax, earlierTexts: earlierTextsMax },
  };
  yield `${JSON.stringify(about, null, 2).slice(0, -2)},\n  "messages": [`;
  let after = { room: "", seq: 0 };
  for (let isFirst = true; ; ) {
    const page = await listSentMessages(sql, id, after, { limit: pageMessages });
    for (const message of page) {
      yield `${isFirst ? "" : ","}\n    ${JSON.stringify(message)}`;
      isFirst = false;
    }
    const last = page.at(-1);
    if (!last) break;
    after = { room: last.room, seq: last.seq };
    await Bun.sleep(restMs);
  }
  yield "\n  ]\n}\n";
}

async function readParts(sql: Sql, account: AccountId): Promise<Record<string, unknown>> {
  const parts: Record<string, unknown> = {};
  for (const { name, read } of accountData) if (read) parts[name] = await read(sql, account);
  return parts;
}
