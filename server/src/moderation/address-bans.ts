import type { FieldsOf } from "@novax/protocol/commands";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { isLoopbackAddress, parseAddressRanges } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import {
  endSessionsById,
  findSessionAddress,
  listBannedAddresses,
  listSessionAddresses,
  replaceBannedAddresses,
} from "./address-ban-queries.ts";

/** The banned addresses in memory, because every request is checked against them. */
export class AddressBans {
  readonly list: FreshList<(address: string) => boolean>;
  readonly #acts: (() => void)[] = [];

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList(app, {
      name: "address_bans.reread_failed",
      changedBy: "address_bans_changed",
      initial: () => false,
      read: async () => parseAddressRanges(await listBannedAddresses(app.db.sql)),
      onReread: () => {
        for (const act of this.#acts) act();
      },
    });
  }

  has(address: string): boolean {
    return this.list.current(address);
  }

  /** Calls `act` whenever the list was read again. */
  onReread(act: () => void): void {
    this.#acts.push(act);
  }
}

/**
 * Replaces the list of banned addresses and ranges, and ends all open sessions that started from one of them. Refuses
 * with `forbidden` unless the actor is a server owner, and with `address_invalid` for what is not an address or range,
 * for the server's own machine, and for the actor's own address.
 */
export async function setAddressBans(
  app: TransactionNeeds,
  actor: Actor,
  { addresses }: FieldsOf<"address_bans.set">,
): Promise<void> {
  const banned = [...new Set(addresses.filter((address) => address !== ""))].sort();
  const isBanned = parseRanges(banned);
  if (isBanned("127.0.0.1") || isBanned("::1") || banned.some(isLoopbackAddress))
    throw new Refusal("address_invalid", (t) => t.banSelfMachine);
  await transact(app, async ({ sql, audit, endSessions, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "address.ban");
    const own = await findSessionAddress(sql, actor.sessionId);
    if (own !== null && isBanned(own)) throw new Refusal("address_invalid", (t) => t.banOwnAddress);
    await lockOnly(sql, "addressBans");
    const before = await listBannedAddresses(sql);
    await replaceBannedAddresses(sql, { addresses: banned, by: actor.id, at: app.clock.now() });
    const sessions = (await listSessionAddresses(sql)).filter((session) => isBanned(session.address));
    const ids = sessions.map((session) => session.id);
    await endSessionsById(sql, ids, app.clock.now());
    const added = banned.filter((address) => !before.includes(address));
    const lifted = before.filter((address) => !banned.includes(address));
    if (added.length > 0) audit({ action: "address.banned", actor, detail: added.join(" ") });
    if (lifted.length > 0) audit({ action: "address.unbanned", actor, detail: lifted.join(" ") });
    publishAfterCommit({ kind: "address_bans_changed" });
    endSessions(ids);
  });
}

function parseRanges(addresses: readonly string[]): (address: string) => boolean {
  for (const address of addresses) {
    try {
      parseAddressRanges([address]);
    } catch {
      throw new Refusal("address_invalid", (t) => t.noAddress(address));
    }
  }
  return parseAddressRanges(addresses);
}
