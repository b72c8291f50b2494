import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { presenceGraceMs, presenceNamesMax } from "@novax/protocol/limits";
import { asPerson } from "@novax/protocol/person";
import type { PresenceSignal } from "@novax/protocol/signals";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../lib/clock.ts";

type RoomPresence = {
  /** People with a socket here; `leftAt` while they may still come back. */
  local: Map<AccountId, { person: Person; sockets: number; leftAt: number | null }>;
  /** People on other processes, as those last said. */
  remote: Map<string, { people: Map<AccountId, Person>; heardAt: number }>;
  /** What our sockets were last told. */
  told: Map<AccountId, Person>;
};

const announceEveryMs = 10_000;
const processSilentMs = 25_000;

/**
 * Who is here, per room, over all processes. Members see it because they are attached to the room; nobody else can.
 *
 * Changes are told at most once per `tick`, as deltas; a process that falls silent takes its people with it.
 */
export class Presence {
  readonly #app: {
    bus: Bus;
    clock: Clock;
    processId: string;
    signal: (room: RoomId, signal: PresenceSignal) => void;
  };
  readonly #rooms = new Map<RoomId, RoomPresence>();
  #announcedAt = 0;

  constructor(app: {
    bus: Bus;
    clock: Clock;
    processId: string;
    signal: (room: RoomId, signal: PresenceSignal) => void;
  }) {
    this.#app = app;
  }

  socketAttached(room: RoomId, person: Person): void {
    const { local } = this.#room(room);
    const entry = local.get(person.id);
    if (entry) {
      entry.sockets += 1;
      entry.leftAt = null;
    } else {
      local.set(person.id, {
        person: asPerson(person),
        sockets: 1,
        leftAt: null,
      });
    }
  }

  socketDetached(room: RoomId, account: AccountId): void {
    const entry = this.#rooms.get(room)?.local.get(account);
    if (!entry) return;
    entry.sockets -= 1;
    if (entry.sockets <= 0) entry.leftAt = this.#app.clock.now();
  }

  /** What another process said about its people. */
  hear(room: RoomId, process: string, signal: PresenceSignal): void {
    const { remote } = this.#room(room);
    const isNew = !remote.has(process);
    const people = signal.full || isNew ? new Map<AccountId, Person>() : remote.get(process)!.people;
    for (const person of signal.joined) people.set(person.id, person);
    for (const id of signal.left) people.delete(id);
    remote.set(process, { people, heardAt: this.#app.clock.now() });
    // A process that we hear for the first time may not have heard us either.
    if (isNew) this.#announcedAt = 0;
  }

  /** Everybody who is here, for a socket that has just attached. */
  snapshot(room: RoomId): PresenceSignal {
    const people = this.#present(this.#room(room));
    const joined = people.size > presenceNamesMax ? [] : [...people.values()];
    return { type: "presence", room, full: true, count: people.size, joined, left: [] };
  }

  /** Tells what has changed since the last call. Called about once a second. */
  tick(): void {
    const now = this.#app.clock.now();
    const isAnnouncing = now - this.#announcedAt >= announceEveryMs;
    if (isAnnouncing) this.#announcedAt = now;
    for (const [room, presence] of this.#rooms) {
      for (const [id, entry] of presence.local) {
        if (entry.leftAt !== null && now - entry.leftAt >= presenceGraceMs) presence.local.delete(id);
      }
      for (const [process, entry] of presence.remote) {
        if (now - entry.heardAt >= processSilentMs) presence.remote.delete(process);
      }
      this.#tell(room, presence, isAnnouncing);
      if (presence.local.size === 0 && presence.remote.size === 0) this.#rooms.delete(room);
    }
  }

  #tell(room: RoomId, presence: RoomPresence, isAnnouncing: boolean): void {
    const present = this.#present(presence);
    const joined = [...present.values()].filter((person) => !presence.told.has(person.id));
    const left = [...presence.told.keys()].filter((id) => !present.has(id));
    presence.told = present;
    const base = { type: "presence", room, count: present.size } as const;
    if (joined.length > 0 || left.length > 0) {
      const isNamed = present.size <= presenceNamesMax;
      const isFull = isNamed && present.size - joined.length + left.length > presenceNamesMax;
      const signal = isNamed
        ? { ...base, full: isFull, joined: isFull ? [...present.values()] : joined, left }
        : { ...base, full: true, joined: [], left: [] };
      this.#app.signal(room, signal);
    }
    const isChanged = joined.some((person) => presence.local.has(person.id)) || left.length > 0;
    if (isAnnouncing || isChanged) {
      const people = [...presence.local.values()].map((entry) => entry.person);
      this.#app.bus.publish({
        kind: "presence",
        room,
        process: this.#app.processId,
        signal: { ...base, full: true, joined: people, left: [] },
      });
    }
  }

  #present(presence: RoomPresence): Map<AccountId, Person> {
    const present = new Map<AccountId, Person>();
    for (const { people } of presence.remote.values())
      for (const [id, person] of people) present.set(id, person);
    for (const [id, { person }] of presence.local) present.set(id, person);
    return present;
  }

  #room(room: RoomId): RoomPresence {
    let presence = this.#rooms.get(room);
    if (!presence) {
      presence = { local: new Map(), remote: new Map(), told: new Map() };
      this.#rooms.set(room, presence);
    }
    return presence;
  }
}
