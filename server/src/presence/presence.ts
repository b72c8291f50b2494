import type { Person } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { presenceGraceMs, presenceNamesMax } from "@novax/protocol/limits";
import { asPerson } from "@novax/protocol/person";
import type { PresenceSignal, PresenceState, PresentPerson } from "@novax/protocol/signals";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { listMembersOf } from "./queries.ts";

/** What others see of a person. A status and do not disturb apply only until their `until`. */
export type Profile = {
  person: Person;
  status: { emoji: string; text: string; until: number | null };
  dndUntil: number | null;
  picture: FileId | null;
};

/** A person with a connection to this process, or who lost their last one less than `presenceGraceMs` ago. */
type LocalPerson = {
  profile: Profile;
  /** Whether the person is away, by connection. */
  connections: Map<object, { isAway: boolean }>;
  leftAt: number | null;
};

type RemotePerson = { person: PresentPerson; connections: number };

/**
 * A room that at least one connection of this process views: its known members, and what its viewers were last sent.
 */
type View = {
  viewers: number;
  /** Of those who are or were here; all of them if `areAllKnown`. */
  members: Set<AccountId>;
  areAllKnown: boolean;
  shown: Map<AccountId, PresentPerson>;
  /** Settles when the members are known. */
  ready: Promise<void> | null;
};

export type PresenceNeeds = { db: Database; bus: Bus; clock: Clock; processId: string };

const announceEveryMs = 10_000;
const processSilentMs = 25_000;

/**
 * Presence across all processes. It is kept per person and sent per room, only to rooms that someone views: a person in
 * 500 rooms who comes online is one change, not 500.
 *
 * Changes are sent at most once per `tick`, as deltas. When a process stays silent for `processSilentMs`, its people
 * count as offline.
 */
export class Presence {
  readonly #app: PresenceNeeds;
  readonly #local = new Map<AccountId, LocalPerson>();
  readonly #remote = new Map<string, { people: Map<AccountId, RemotePerson>; receivedAt: number }>();
  readonly #views = new Map<RoomId, View>();
  /** People whose presence may have changed since the last tick. */
  readonly #touched = new Set<AccountId>();
  /**
   * People who came online since they were last looked up in the rooms that are viewed. All others were looked up in all of them:
   * when they came, or when the view began.
   */
  readonly #newcomers = new Set<AccountId>();
  /** Those of this process who have no connection any more, and are not gone for long. */
  readonly #leaving = new Set<AccountId>();
  /** Those of this process whose status or do not disturb ends by itself. */
  readonly #timed = new Set<AccountId>();
  /** What the other processes were last sent about this process's people, as JSON. */
  readonly #announced = new Map<AccountId, string>();
  #announcedAt = 0;
  #isTicking = false;

  #send: (room: RoomId, signal: PresenceSignal) => void = () => {};

  constructor(app: PresenceNeeds) {
    this.#app = app;
  }

  /** Sets where changes are sent: to the viewers of a room. Has to be called before the first `view`. */
  onChange(send: (room: RoomId, signal: PresenceSignal) => void): void {
    this.#send = send;
  }

  connected(connection: object, profile: Profile): void {
    const { id } = profile.person;
    if (!this.#local.has(id)) this.#newcomers.add(id);
    const entry = this.#local.get(id) ?? { profile, connections: new Map(), leftAt: null };
    entry.leftAt = null;
    entry.connections.set(connection, { isAway: false });
    this.#local.set(id, entry);
    this.#leaving.delete(id);
    this.#setProfile(entry, profile);
  }

  disconnected(connection: object, account: AccountId): void {
    const entry = this.#local.get(account);
    if (!entry?.connections.delete(connection)) return;
    this.#touched.add(account);
    if (entry.connections.size > 0) return;
    entry.leftAt = this.#app.clock.now();
    this.#leaving.add(account);
  }

  setAway(connection: object, account: AccountId, isAway: boolean): void {
    const entry = this.#local.get(account);
    const known = entry?.connections.get(connection);
    if (!entry || !known || known.isAway === isAway) return;
    entry.connections.set(connection, { isAway });
    this.#touched.add(account);
  }

  /** How many people are connected, to any process. */
  get online(): number {
    const people = new Set(this.#local.keys());
    for (const { people: elsewhere } of this.#remote.values())
      for (const account of elsewhere.keys()) people.add(account);
    return people.size;
  }

  /** Returns whether the person is connected to this process, so that a change of their profile has to be read. */
  knows(account: AccountId): boolean {
    return this.#local.has(account);
  }

  changeProfile(profile: Profile): void {
    const entry = this.#local.get(profile.person.id);
    if (entry) this.#setProfile(entry, profile);
  }

  #setProfile(entry: LocalPerson, profile: Profile): void {
    const { id } = profile.person;
    entry.profile = profile;
    this.#touched.add(id);
    if (profile.status.until !== null || profile.dndUntil !== null) this.#timed.add(id);
    else this.#timed.delete(id);
  }

  /** Takes in what another process published about its people. */
  receive(message: {
    process: string;
    full: boolean;
    people: readonly PresentPerson[];
    /** Missing in what an older version sends. */
    connections?: readonly number[];
    left: readonly AccountId[];
  }): void {
    const known = this.#remote.get(message.process);
    const people = message.full || !known ? new Map<AccountId, RemotePerson>() : known.people;
    const before = known?.people;
    const unseen = new Set(message.full ? before?.keys() : []);
    for (const person of message.people) {
      unseen.delete(person.id);
      const had = before?.get(person.id);
      if (!had) this.#newcomers.add(person.id);
      if (!had || !Bun.deepEquals(had.person, person)) this.#touched.add(person.id);
    }
    for (const id of [...unseen, ...message.left]) this.#touched.add(id);
    for (const [index, person] of message.people.entries())
      people.set(person.id, { person, connections: message.connections?.[index] ?? 0 });
    for (const id of message.left) people.delete(id);
    this.#remote.set(message.process, { people, receivedAt: this.#app.clock.now() });
    // A process heard for the first time may not have heard this one either.
    if (!known) this.#announcedAt = 0;
  }

  /** A connection starts to view a room. `members` lists all members if the caller knows them, as for direct rooms. */
  view(room: RoomId, members?: readonly AccountId[]): void {
    const known = this.#views.get(room);
    if (known) {
      known.viewers += 1;
      return;
    }
    const view: View = {
      viewers: 1,
      members: new Set(members),
      areAllKnown: members !== undefined,
      shown: new Map(),
      ready: null,
    };
    this.#views.set(room, view);
  }

  /** Returns everyone online in a room, as a full signal. Null if no one views the room any more. */
  async snapshot(room: RoomId): Promise<PresenceSignal | null> {
    const asked = this.#views.get(room);
    if (asked) await this.#fill(room, asked);
    const view = this.#views.get(room);
    return view ? this.#full(room, view.shown) : null;
  }

  /** Looks up once who is online in a viewed room. A look-up that failed is made again when the next viewer asks. */
  #fill(room: RoomId, view: View): Promise<void> {
    view.ready ??= this.#askFor([[room, view]], this.#everybody()).then(
      () => {
        view.shown = this.#presentIn(view);
      },
      (error: unknown) => {
        view.ready = null;
        // Nobody was looked up; the next tick does it.
        for (const id of this.#everybody()) {
          this.#newcomers.add(id);
          this.#touched.add(id);
        }
        throw error;
      },
    );
    return view.ready;
  }

  unview(room: RoomId): void {
    const view = this.#views.get(room);
    if (!view) return;
    view.viewers -= 1;
    if (view.viewers <= 0) this.#views.delete(room);
  }

  joined(room: RoomId, account: AccountId): void {
    this.#views.get(room)?.members.add(account);
    this.#touched.add(account);
  }

  removed(room: RoomId, account: AccountId): void {
    this.#views.get(room)?.members.delete(account);
    this.#touched.add(account);
  }

  /** Returns the members of a room who are not offline. */
  async listIn(room: RoomId): Promise<AccountId[]> {
    return (await listMembersOf(this.#app.db.sql, [room], this.#everybody())).map(({ account }) => account);
  }

  /** Returns how many connections a person has on each other process, as far as these have said. */
  connectionsElsewhere(account: AccountId): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [process, { people }] of this.#remote) {
      const count = people.get(account)?.connections ?? 0;
      if (count > 0) counts.set(process, count);
    }
    return counts;
  }

  /**
   * Tells the other processes that this one stops: nobody has a connection here any more. Its people are shown as they were for as
   * long as those of a process that has fallen silent, because they are about to connect to another one.
   */
  leave(): void {
    const { bus, processId: process } = this.#app;
    const people = [...this.#local.keys()].flatMap((id) => this.#findLocal(id) ?? []);
    bus.publish({
      ...{ kind: "presence", process, full: true, people, left: [] },
      connections: people.map(() => 0),
    });
  }

  /** Returns a person's state. Null if they are offline. */
  stateOf(account: AccountId): PresenceState | null {
    return this.#find(account)?.state ?? null;
  }

  /** Sends what has changed since the last call. Called about once a second. */
  async tick(): Promise<void> {
    // A slow tick must not overlap with the next one.
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.#tick();
    } finally {
      this.#isTicking = false;
    }
  }

  async #tick(): Promise<void> {
    const now = this.#app.clock.now();
    for (const id of this.#leaving) {
      if (now - this.#local.get(id)!.leftAt! < presenceGraceMs) continue;
      for (const people of [this.#leaving, this.#timed, this.#local]) people.delete(id);
      this.#touched.add(id);
    }
    for (const id of this.#timed) if (isOver(this.#local.get(id)!.profile, now)) this.#touched.add(id);
    for (const [process, { people, receivedAt }] of this.#remote) {
      if (now - receivedAt < processSilentMs) continue;
      this.#remote.delete(process);
      for (const id of people.keys()) this.#touched.add(id);
    }
    this.#announce(now);
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched];
    this.#touched.clear();
    const newcomers = [...this.#newcomers].filter((id) => this.#find(id) !== null);
    this.#newcomers.clear();
    try {
      await this.#askFor([...this.#views], newcomers);
    } catch (error) {
      // The next tick tells it.
      for (const id of touched) this.#touched.add(id);
      for (const id of newcomers) this.#newcomers.add(id);
      throw error;
    }
    for (const [room, view] of this.#views) this.#tell(room, view, touched);
  }

  /** Looks up, in one query, which of these people are members of the viewed rooms. */
  async #askFor(views: readonly [RoomId, View][], people: readonly AccountId[]): Promise<void> {
    const open = views.filter(([, { areAllKnown }]) => !areAllKnown);
    if (open.length === 0 || people.length === 0) return;
    const found = await listMembersOf(
      this.#app.db.sql,
      open.map(([room]) => room),
      people,
    );
    for (const { room, account } of found) this.#views.get(room)?.members.add(account);
  }

  #tell(room: RoomId, view: View, touched: readonly AccountId[]): void {
    const changed: PresentPerson[] = [];
    const left: AccountId[] = [];
    const countBefore = view.shown.size;
    for (const id of touched) {
      const now = view.members.has(id) ? this.#find(id) : null;
      const before = view.shown.get(id);
      if (now === null) {
        if (view.shown.delete(id)) left.push(id);
      } else if (before === undefined || JSON.stringify(before) !== JSON.stringify(now)) {
        view.shown.set(id, now);
        changed.push(now);
      }
    }
    const count = view.shown.size;
    if (changed.length === 0 && left.length === 0) return;
    const base = { type: "presence", room, count } as const;
    if (count > presenceNamesMax) {
      // A crowd is sent without names, so only a change of the count matters.
      if (count !== countBefore) this.#send(room, { ...base, full: true, joined: [], left: [] });
    } else if (countBefore > presenceNamesMax) this.#send(room, this.#full(room, view.shown));
    else this.#send(room, { ...base, full: false, joined: changed, left });
  }

  #announce(now: number): void {
    if (!this.#app.bus.isShared) return;
    const isFull = now - this.#announcedAt >= announceEveryMs;
    if (isFull) this.#announcedAt = now;
    const ids = isFull ? [...this.#local.keys()] : [...this.#touched].filter((id) => this.#local.has(id));
    const people = ids.flatMap((id): RemotePerson[] => {
      const person = this.#findLocal(id);
      return person ? [{ person, connections: this.#local.get(id)!.connections.size }] : [];
    });
    const changed = isFull
      ? people
      : people.filter((entry) => this.#announced.get(entry.person.id) !== JSON.stringify(entry));
    const left = [...this.#announced.keys()].filter((id) => !this.#local.has(id));
    if (!isFull && changed.length === 0 && left.length === 0) return;
    for (const id of left) this.#announced.delete(id);
    for (const entry of changed) this.#announced.set(entry.person.id, JSON.stringify(entry));
    this.#app.bus.publish({
      kind: "presence",
      process: this.#app.processId,
      full: isFull,
      people: changed.map(({ person }) => person),
      connections: changed.map(({ connections }) => connections),
      left,
    });
  }

  #full(room: RoomId, people: ReadonlyMap<AccountId, PresentPerson>): PresenceSignal {
    const joined = people.size > presenceNamesMax ? [] : [...people.values()];
    return { type: "presence", room, full: true, count: people.size, joined, left: [] };
  }

  #presentIn(view: View): Map<AccountId, PresentPerson> {
    const present = new Map<AccountId, PresentPerson>();
    for (const id of view.members) {
      const person = this.#find(id);
      if (person) present.set(id, person);
    }
    return present;
  }

  #everybody(): AccountId[] {
    const remote = [...this.#remote.values()].flatMap(({ people }) => [...people.keys()]);
    return [...new Set([...this.#local.keys(), ...remote])];
  }

  /** Merges a person's state over all processes: one connection that is not away is enough to be online. */
  #find(id: AccountId): PresentPerson | null {
    const local = this.#findLocal(id);
    if (local?.state === "online" || local?.state === "dnd") return local;
    for (const { people } of this.#remote.values()) {
      const remote = people.get(id)?.person;
      if (remote && (!local || remote.state !== "away")) return remote;
    }
    return local;
  }

  #findLocal(id: AccountId): PresentPerson | null {
    const entry = this.#local.get(id);
    if (!entry) return null;
    const { profile, connections } = entry;
    const now = this.#app.clock.now();
    const isAway = connections.size > 0 && [...connections.values()].every((connection) => connection.isAway);
    const isDnd = profile.dndUntil !== null && profile.dndUntil > now;
    const { emoji, text, until } = profile.status;
    const hasStatus = (emoji !== "" || text !== "") && (until === null || until > now);
    return {
      ...asPerson(profile.person),
      state: isDnd ? "dnd" : isAway ? "away" : "online",
      ...(hasStatus ? { status: { emoji, text } } : {}),
      ...(profile.picture === null ? {} : { picture: profile.picture }),
    };
  }
}

/**
 * Returns whether a status or do not disturb ended within the last two announce intervals, so that it still has to be
 * sent.
 */
function isOver({ status, dndUntil }: Profile, now: number): boolean {
  const justEnded = (until: number | null) =>
    until !== null && until <= now && until > now - 2 * announceEveryMs;
  return justEnded(status.until) || justEnded(dndUntil);
}
