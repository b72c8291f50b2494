// People, rooms, and what they do in them all the time: send, edit, delete, react, read, come and go.

import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { join, type Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { type Address, FaultClient } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { check, type FinalRoom, type History, toShown, type Violation } from "./history.ts";

export type WorldSize = { clients: number; rooms: number };

/** How often a client does what, and how many of its messages it may change. */
export type Habits = { send: number; read: number; edit: number; react: number; delete: number; own: number };

const usual: Habits = { send: 0.6, read: 0.1, edit: 0.15, react: 0.1, delete: 0.05, own: 20 };

const drainWithinMs = 60_000;
const pauseMs = 20;
const readWithinMs = 5000;
const catchUpWithinMs = 5000;

/** A message of a client that it can still change. */
type Own = { room: RoomId; seq: number; isDeleted: boolean; hasReaction: boolean };

export class World {
  readonly history: History = {
    sends: [],
    changes: [],
    reads: [],
    stretches: [],
    absences: [],
    sightings: [],
  };
  readonly clients: FaultClient[] = [];
  readonly rooms: RoomId[] = [];
  /** A member of every room who is removed and comes back all the time. */
  guest!: FaultClient;
  readonly #cluster: Cluster;
  readonly #random: () => number;
  #owner!: Person;
  #isWorking = false;
  #working: Promise<unknown> = Promise.resolve();
  #sent = 0;

  private constructor(cluster: Cluster, random: () => number) {
    this.#cluster = cluster;
    this.#random = random;
  }

  static async create(cluster: Cluster, random: () => number, size: WorldSize): Promise<World> {
    const world = new World(cluster, random);
    const { server } = cluster.nodes[0]!;
    const owner = await join(server, "alice");
    world.#owner = owner;
    const people = [];
    for (let index = 0; index < size.clients; index++) people.push(await join(server, `writer${index}`));
    const guest = await join(server, "guest");
    const outsider = await join(server, "outsider");
    const ids = new Map<string, AccountId>();
    for (const person of [...people, guest, outsider]) ids.set(person.username, await person.id());
    for (let index = 0; index < size.rooms; index++) {
      const { room } = await owner.run("room.create", { kind: "private", name: `Room ${index}` });
      const members = [...people, guest].map((person) => ids.get(person.username)!);
      for (let start = 0; start < members.length; start += 20)
        await owner.run("member.add", { room: room.id, people: members.slice(start, start + 20) });
      world.rooms.push(room.id);
    }
    let entered = 0;
    const enter = (person: Person, isWatched = false) => {
      // Spread over the nodes at first, and by chance whenever they come back.
      let first: Address | null = cluster.nodes[entered++ % cluster.nodes.length]!.address;
      const pick = () => {
        const address = first ?? cluster.pick(random);
        first = null;
        return address;
      };
      const options = { history: world.history, pick, isWatched };
      const client = new FaultClient(person, ids.get(person.username)!, options);
      client.start();
      return client;
    };
    for (const person of people) world.clients.push(enter(person));
    world.guest = enter(guest, true);
    const stranger = enter(outsider, true);
    for (const room of world.rooms)
      world.history.absences.push({ room, client: stranger.id, from: 0, to: Number.POSITIVE_INFINITY });
    world.#others = [world.guest, stranger];
    await world.untilAttached();
    return world;
  }

  #others: FaultClient[] = [];

  get everybody(): FaultClient[] {
    return [...this.clients, ...this.#others];
  }

  get acknowledged(): number {
    return this.history.sends.filter((send) => send.acknowledged).length;
  }

  async untilAttached(withinMs = drainWithinMs): Promise<boolean> {
    return waitUntil(() => this.everybody.every((client) => client.isAttached), withinMs);
  }

  /** Begins the load. Each client does one thing after the other, with short pauses. */
  work(habits: Habits = usual): void {
    this.#isWorking = true;
    const workers = this.clients.map((client) => this.#workAs(client, habits));
    this.#working = Promise.all([...workers, this.#moveGuest()]);
  }

  /**
   * Ends the load, waits until everything is acknowledged or refused and everybody shows the end of every room. Returns
   * what is wrong.
   */
  async finish(): Promise<Violation[]> {
    this.#isWorking = false;
    const problems: Violation[] = [];
    const isDrained = await Promise.race([this.#working.then(() => true), Bun.sleep(drainWithinMs)]);
    if (isDrained !== true)
      problems.push({ check: "every unknown is settled once", detail: "clients still wait for answers" });
    await this.untilAttached();
    const finals: FinalRoom[] = [];
    for (const room of this.rooms) finals.push(await this.#readFinal(room));
    return [...problems, ...check(this.history, finals)];
  }

  stop(): void {
    for (const client of this.everybody) client.stop();
  }

  /** Who the clients are. */
  get people(): Person[] {
    return this.clients.map((client) => client.person);
  }

  /** Sends a message as a client; with `text` after its number, if it is to be long. */
  send(client: FaultClient, room: RoomId, text = ""): Promise<number | null> {
    const number = this.#sent++;
    return client.send({
      ...{ room, client: client.id, number, sendId: crypto.randomUUID() },
      ...{ text: `${client.person.username} ${number} ${text}`.trim(), startedAt: performance.now() },
      ...{ wasUnknown: false, acknowledged: null, refused: null },
    });
  }

  async #workAs(client: FaultClient, habits: Habits): Promise<void> {
    const own: Own[] = [];
    const random = this.#random;
    while (this.#isWorking) {
      const room = this.rooms[Math.floor(random() * this.rooms.length)]!;
      const mine = own[Math.floor(random() * own.length)];
      const habit = this.#choose(habits);
      if (habit === "read") await client.read(room);
      else if (habit === "send" || !mine) {
        const seq = await this.send(client, room);
        if (seq !== null) own.push({ room, seq, isDeleted: false, hasReaction: false });
        if (own.length > habits.own) own.shift();
      } else if (!mine.isDeleted) await this.#change(client, mine, habit);
      await Bun.sleep(random() * pauseMs);
    }
  }

  #choose(habits: Habits): "send" | "read" | "edit" | "react" | "delete" {
    let dice = this.#random();
    for (const habit of ["send", "read", "edit", "react"] as const) {
      dice -= habits[habit];
      if (dice < 0) return habit;
    }
    return "delete";
  }

  async #change(client: FaultClient, own: Own, habit: "edit" | "react" | "delete"): Promise<void> {
    const { room, seq } = own;
    if (habit === "edit") {
      const text = `edit ${this.#sent++}`;
      await client.change("message.edit", { room, seq, text }, { kind: "text", text });
    } else if (habit === "react") {
      own.hasReaction = !own.hasReaction;
      const type = own.hasReaction ? "reaction.add" : "reaction.remove";
      await client.change(type, { room, seq, emoji: "👍" }, { kind: "reaction", isOn: own.hasReaction });
    } else {
      own.isDeleted = true;
      await client.change("message.delete", { room, seq }, { kind: "deleted" });
    }
  }

  /** Removes the guest from one room after the other, and adds them again. */
  async #moveGuest(): Promise<void> {
    const { id } = this.guest;
    for (let turn = 0; this.#isWorking; turn++) {
      const room = this.rooms[turn % this.rooms.length]!;
      await Bun.sleep(300);
      if (!(await this.#asOwner("member.remove", { room, person: id }))) {
        // It may have happened all the same.
        await this.#asOwner("member.add", { room, people: [id] });
        continue;
      }
      const from = performance.now();
      await Bun.sleep(300);
      // Whether or not it is answered, from here on the guest may be there again.
      this.history.absences.push({ room, client: id, from, to: performance.now() });
      while (!(await this.#asOwner("member.add", { room, people: [id] }))) await Bun.sleep(100);
    }
  }

  async #asOwner(type: string, fields: object): Promise<boolean> {
    const { url, origin } = this.#cluster.pick(this.#random);
    const response = await fetch(`${url}/api/commands/${type}`, {
      method: "POST",
      body: JSON.stringify(fields),
      headers: { origin, cookie: this.#owner.cookieHeader, "content-type": "application/json" },
      signal: AbortSignal.timeout(readWithinMs),
    }).catch(() => null);
    await response?.arrayBuffer().catch(() => {});
    return response?.status === 200;
  }

  async #readFinal(room: RoomId): Promise<FinalRoom> {
    const log: RoomEvent[] = [];
    const shown: ReturnType<typeof toShown>[] = [];
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
      const { events }: { events: RoomEvent[] } = await this.#read<{ events: RoomEvent[] }>(
        `/api/rooms/${room}/events?limit=200${before === Number.MAX_SAFE_INTEGER ? "" : `&before=${before}`}`,
      );
      log.unshift(...events);
      before = events.length > 0 && events[0]!.seq > 1 ? events[0]!.seq : null;
    }
    let newest: ReturnType<typeof toShown>[] | null = null;
    for (let before: number | null = 0; before !== null; ) {
      const page: TimelinePage = await this.#read(
        `/api/rooms/${room}/timeline${before === 0 ? "" : `?before=${before}`}`,
      );
      const messages = page.entries.flatMap((entry) => (entry.kind === "message" ? [toShown(entry)] : []));
      newest ??= messages;
      shown.unshift(...messages);
      before = page.hasBefore ? page.entries[0]!.seq : null;
    }
    const headSeq = log.at(-1)?.seq ?? 0;
    const members = [...this.clients, this.guest];
    await waitUntil(() => members.every((client) => client.headSeq(room) >= headSeq), catchUpWithinMs);
    return {
      ...{ room, log, newest: newest ?? [] },
      messages: new Map(shown.map((message) => [message.seq, message])),
      clients: members.map((client) => {
        return { client: client.id, shown: client.shown(room), isGuest: client === this.guest };
      }),
    };
  }

  async #read<T>(path: string): Promise<T> {
    for (let tries = 0; ; tries++) {
      const { url, origin } = this.#cluster.pick(this.#random);
      const headers = { origin, cookie: this.#owner.cookieHeader };
      const signal = AbortSignal.timeout(readWithinMs);
      const response = await fetch(url + path, { headers, signal }).catch(() => null);
      if (response?.status === 200) return (await response.json()) as T;
      if (tries > 50) throw new Error(`${path}: ${response?.status}`);
      await Bun.sleep(200);
    }
  }
}
