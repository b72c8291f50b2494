import { closeCodes } from "@novax/protocol/close-codes";
import type { Person } from "@novax/protocol/entities";
import type { AccountId, SessionId } from "@novax/protocol/ids";
import { connectionsPerAccountMax } from "@novax/protocol/limits";
import type { Signal } from "@novax/protocol/signals";
import { filterLiveSessions } from "../auth/session-queries.ts";
import type { SessionLimits } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Connection, NovaxConnection } from "./connection.ts";

/** Our own client sends something at least every 20 s, so only others are asked. */
const pingAfterMs = 25_000;
const deadAfterMs = 45_000;
/**
 * A connection that was silent for this long gives way to the eleventh of its account. Open pages are never silent for so
 * long, so they don't take each other's place.
 */
const givesWayAfterMs = 25_000;

/**
 * So long an account may have more connections over all processes than it may have: when a process dies, those that it had
 * are counted for a while beside those that took their place.
 */
const overGraceMs = 30_000;

type HubNeeds = {
  db: Database;
  bus: Bus;
  clock: Clock;
  sessionLimits: SessionLimits;
  processId: string;
};

/** Every open socket of this process, by account. It knows no rules of rooms. */
export class Hub {
  readonly #app: HubNeeds;
  readonly #byAccount = new Map<AccountId, Set<Connection>>();
  #size = 0;
  readonly #blocked = new Set<NovaxConnection>();
  /** Closed to make room, and ended for good with the next check. */
  readonly #replaced = new Set<Connection>();
  /** Accounts that have too many connections over all processes, and since when. */
  readonly #over = new Map<AccountId, number>();
  readonly #elapsed: () => number;
  readonly #listElsewhere: (account: AccountId) => ReadonlyMap<string, number>;

  /**
   * `connectionsElsewhere`: how many connections an account has on each of the other processes. `elapsed`: ms since this process
   * began.
   */
  constructor(
    app: HubNeeds,
    {
      connectionsElsewhere,
      elapsed = () => performance.now(),
    }: {
      connectionsElsewhere: (account: AccountId) => ReadonlyMap<string, number>;
      elapsed?: () => number;
    },
  ) {
    this.#app = app;
    this.#listElsewhere = connectionsElsewhere;
    this.#elapsed = elapsed;
  }

  /** How many connections there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a connection; false if its account has too many open already. One that has not been heard for a while gives way
   * to it: when a device changes its network, the connections that it had are dead, and nothing says so.
   */
  add(connection: Connection): boolean {
    const { id } = connection.actor;
    const connections = this.#byAccount.get(id) ?? new Set();
    if (connections.size + this.#countedElsewhere(id) >= connectionsPerAccountMax) {
      const [silent] = [...connections].sort((a, b) => a.heardAt - b.heardAt);
      if (!silent || this.#elapsed() - silent.heardAt < givesWayAfterMs) return false;
      silent.close(closeCodes.tooManyConnections, "replaced by a newer connection");
      // If its client is there after all, it gets to read why.
      this.#replaced.add(silent);
      this.remove(silent);
    }
    connections.add(connection);
    this.#byAccount.set(id, connections);
    this.#size += 1;
    return true;
  }

  remove(connection: Connection): void {
    if (connection.protocol === "novax.v1") this.#blocked.delete(connection);
    const { id } = connection.actor;
    const connections = this.#byAccount.get(id);
    if (!connections?.delete(connection)) return;
    this.#size -= 1;
    if (connections.size === 0) this.#byAccount.delete(id);
  }

  sendToAccount(account: AccountId, signal: Signal): void {
    for (const connection of this.#byAccount.get(account) ?? []) {
      if (connection.protocol === "novax.v1") connection.send(signal);
    }
  }

  /** The connections that receive every room of their account: of this account, or of all. */
  listAttachingAll(account?: AccountId): NovaxConnection[] {
    return this.listNovax(account).filter((connection) => connection.attachesAll && connection.isOpen);
  }

  /** The connections whose account somebody blocked. */
  get blocked(): ReadonlySet<NovaxConnection> {
    return this.#blocked;
  }

  setBlockers(connection: NovaxConnection, blockers: ReadonlySet<AccountId>): void {
    connection.blockers = blockers;
    if (blockers.size > 0 && this.#byAccount.get(connection.actor.id)?.has(connection))
      this.#blocked.add(connection);
    else this.#blocked.delete(connection);
  }

  /** The connections that speak `novax.v1`: of this account, or of all. */
  listNovax(account?: AccountId): NovaxConnection[] {
    const all = account === undefined ? this.#all() : [...(this.#byAccount.get(account) ?? [])];
    return all.filter((connection) => connection.protocol === "novax.v1");
  }

  /** Gives the open connections of an account its new name, for what they send from now on. */
  renamePerson(person: Person): void {
    for (const connection of this.#byAccount.get(person.id) ?? []) connection.rename(person);
  }

  endSessions(ids: readonly SessionId[]): void {
    const ended = new Set(ids);
    for (const connection of this.#all()) {
      if (ended.has(connection.actor.sessionId)) connection.close(closeCodes.sessionEnded, "session ended");
    }
  }

  /** Closes connections of ended sessions whose notice was lost. One query for all sessions. */
  async checkSessions(): Promise<void> {
    const ids = new Set(this.#all().map((connection) => connection.actor.sessionId));
    const live = await filterLiveSessions(this.#app, [...ids]);
    this.endSessions([...ids].filter((id) => !live.has(id)));
  }

  /** Closes the connections from banned addresses, wherever their sessions began. Owners keep theirs. */
  closeBanned(isBanned: (address: string) => boolean): void {
    for (const connection of this.#all()) {
      if (connection.actor.serverRole !== "owner" && isBanned(connection.address))
        connection.close(closeCodes.sessionEnded, "banned");
    }
  }

  /** Pings connections that are silent, and ends those that did not answer. */
  checkLiveness(): void {
    for (const connection of this.#replaced) connection.terminate();
    this.#replaced.clear();
    const now = this.#elapsed();
    for (const connection of this.#all()) {
      if (connection.protocol === "novax.v1") connection.dropOldGreeting();
      const silentMs = now - connection.heardAt;
      if (silentMs >= deadAfterMs) connection.terminate();
      else if (silentMs >= pingAfterMs) connection.ping();
    }
  }

  /**
   * Closes what an account has had too much of for a while over all processes, the newest first. All processes count through the same
   * list, so that each knows how many of them are its own.
   */
  checkCounts(): void {
    const now = this.#elapsed();
    for (const account of this.#over.keys()) if (!this.#byAccount.has(account)) this.#over.delete(account);
    for (const [account, connections] of this.#byAccount) {
      const elsewhere = [...this.#listElsewhere(account)];
      const total = elsewhere.reduce((sum, [, count]) => sum + count, connections.size);
      if (total <= connectionsPerAccountMax) {
        this.#over.delete(account);
        continue;
      }
      const since = this.#over.get(account) ?? now;
      this.#over.set(account, since);
      if (now - since < overGraceMs) continue;
      const before = elsewhere.filter(([process]) => process < this.#app.processId);
      const excess = before.reduce((left, [, count]) => left - count, total - connectionsPerAccountMax);
      if (excess <= 0) continue;
      for (const connection of [...connections].slice(-excess))
        connection.close(closeCodes.tooManyConnections, "too many connections");
    }
  }

  /** What counts against a new connection here. */
  #countedElsewhere(account: AccountId): number {
    const since = this.#over.get(account);
    if (since === undefined || this.#elapsed() - since < overGraceMs) return 0;
    return [...this.#listElsewhere(account).values()].reduce((sum, count) => sum + count, 0);
  }

  /** Closes every connection, with the code to reconnect to another process or a newer one. */
  closeAll(): void {
    for (const connection of this.#all()) connection.close(closeCodes.restarting, "restarting");
  }

  #all(): Connection[] {
    return [...this.#byAccount.values()].flatMap((connections) => [...connections]);
  }
}
