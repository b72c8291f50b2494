import { recordAudit } from "../audit/audit-log.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { isLoopbackAddress, parseAddressRanges } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { assertMayOnServer } from "../rooms/create-room.ts";
import type { RoomNeeds } from "../rooms/in-room.ts";
import {
  endSessionsById,
  findSessionAddress,
  listBannedAddresses,
  listSessionAddresses,
  replaceBannedAddresses,
} from "./queries.ts";

const rereadEveryMs = 30_000;

/**
 * The addresses from which nobody may come, kept in memory: they are asked for with every request. Read again when
 * somebody changes them, here or on another process, and twice a minute.
 */
export class AddressBans {
  readonly #app: { db: Database; log: Log };
  #isBanned: (address: string) => boolean = () => false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(app: { db: Database; log: Log }) {
    this.#app = app;
  }

  /** Reads the list, and keeps it fresh until `stop`. */
  async start(bus: Bus): Promise<void> {
    await this.reread();
    const again = () => {
      this.reread().catch((error: unknown) => this.#app.log.fault("bans.reread_failed", error));
    };
    bus.subscribe((message) => {
      if (message.kind === "bans_changed") again();
    });
    this.#timer = setInterval(again, rereadEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async reread(): Promise<void> {
    this.#isBanned = parseAddressRanges(await listBannedAddresses(this.#app.db.sql));
  }

  has(address: string): boolean {
    return this.#isBanned(address);
  }
}

/**
 * Bans addresses and ranges, in the place of those that were banned; whoever is signed in from one is signed out. Owners
 * only: refuses with `forbidden`, and with `address_invalid` what is no address, this machine, and where one is oneself.
 */
export async function setAddressBans(
  app: RoomNeeds,
  actor: Actor,
  addresses: readonly string[],
): Promise<void> {
  const banned = [...new Set(addresses.filter((address) => address !== ""))].sort();
  const isBanned = parseRanges(banned);
  if (isBanned("127.0.0.1") || isBanned("::1") || banned.some(isLoopbackAddress))
    throw new Refusal("address_invalid", (t) => t.banSelfMachine);
  const ended = await app.db.transact(async (tx) => {
    await assertMayOnServer(tx, actor, "address.ban");
    const own = await findSessionAddress(tx, actor.sessionId);
    if (own !== null && isBanned(own)) throw new Refusal("address_invalid", (t) => t.banOwnAddress);
    const before = await listBannedAddresses(tx);
    await replaceBannedAddresses(tx, banned, actor.id, app.clock.now());
    const sessions = (await listSessionAddresses(tx)).filter((session) => isBanned(session.address));
    const ids = sessions.map((session) => session.id);
    await endSessionsById(tx, ids, app.clock.now());
    const added = banned.filter((address) => !before.includes(address));
    const lifted = before.filter((address) => !banned.includes(address));
    if (added.length > 0)
      await recordAudit(app, tx, { action: "address.banned", actor, detail: added.join(" ") });
    if (lifted.length > 0)
      await recordAudit(app, tx, { action: "address.unbanned", actor, detail: lifted.join(" ") });
    return ids;
  });
  app.bus.publish({ kind: "bans_changed" });
  if (ended.length > 0) app.bus.publish({ kind: "sessions_ended", sessions: ended });
}

export function addressBanned(): Refusal {
  return new Refusal("banned", (t) => t.addressBanned);
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
