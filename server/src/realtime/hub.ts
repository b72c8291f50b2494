import { closeCodes } from "@novax/protocol/close-codes";
import type { Person } from "@novax/protocol/entities";
import type { AccountId, SessionId } from "@novax/protocol/ids";
import { connectionsPerAccountMax } from "@novax/protocol/limits";
import type { Signal } from "@novax/protocol/signals";
import { filterLiveSessions, type SessionLimits } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { TokenBucket } from "../lib/token-bucket.ts";
import type { Connection } from "./connection.ts";

type HubNeeds = {
  db: Database;
  bus: Bus;
  clock: Clock;
  sessionLimits: SessionLimits;
  messagesPerSecond: number;
};

/** Every open socket of this process, by account. It knows sockets and no rules of rooms. */
export class Hub {
  readonly #app: HubNeeds;
  readonly #byAccount = new Map<AccountId, Set<Connection>>();
  readonly #budgets = new Map<AccountId, TokenBucket>();

  constructor(app: HubNeeds) {
    this.#app = app;
  }

  get size(): number {
    let size = 0;
    for (const connections of this.#byAccount.values()) size += connections.size;
    return size;
  }

  /** What an account may spend, over all its connections to this process. */
  budgetOf(account: AccountId): TokenBucket {
    let budget = this.#budgets.get(account);
    if (!budget) {
      const { messagesPerSecond, clock } = this.#app;
      budget = new TokenBucket(messagesPerSecond * 2, messagesPerSecond, clock.now());
      this.#budgets.set(account, budget);
    }
    return budget;
  }

  /** Takes a connection in; false when its account has too many open already. */
  add(connection: Connection): boolean {
    const { id } = connection.actor;
    const connections = this.#byAccount.get(id) ?? new Set();
    if (connections.size >= connectionsPerAccountMax) return false;
    connections.add(connection);
    this.#byAccount.set(id, connections);
    return true;
  }

  remove(connection: Connection): void {
    const { id } = connection.actor;
    const connections = this.#byAccount.get(id);
    connections?.delete(connection);
    if (connections?.size === 0) this.#byAccount.delete(id);
  }

  sendToAccount(account: AccountId, signal: Signal): void {
    for (const connection of this.#byAccount.get(account) ?? []) {
      if (connection.protocol === "novax.v1") connection.send(signal);
    }
  }

  /** Whoever has a connection open speaks under the new name from now on. */
  renamePerson(person: Person): void {
    for (const connection of this.#byAccount.get(person.id) ?? []) connection.rename(person);
  }

  endSessions(ids: readonly SessionId[]): void {
    const ended = new Set(ids);
    for (const connection of this.#all()) {
      if (ended.has(connection.actor.sessionId)) connection.close(closeCodes.sessionEnded, "session ended");
    }
  }

  /** Closes what a lost notice left open: every session is looked up again, in one query. */
  async checkSessions(): Promise<void> {
    this.#dropFullBudgets();
    const ids = new Set(this.#all().map((connection) => connection.actor.sessionId));
    const live = await filterLiveSessions(this.#app, [...ids]);
    this.endSessions([...ids].filter((id) => !live.has(id)));
  }

  /** Sends everybody away who should come back to another process or a newer one. */
  closeAll(): void {
    for (const connection of this.#all()) connection.close(closeCodes.restarting, "restarting");
  }

  /** Whoever is gone and has nothing to pay back need not be remembered. */
  #dropFullBudgets(): void {
    const now = this.#app.clock.now();
    for (const [account, budget] of this.#budgets) {
      if (!this.#byAccount.has(account) && budget.isFull(now)) this.#budgets.delete(account);
    }
  }

  #all(): Connection[] {
    return [...this.#byAccount.values()].flatMap((connections) => [...connections]);
  }
}
