// Connections that are open and mostly listen. A process may open no more than so many files, so beyond that there are several
// of these; run as a program, this is another one, which its parent tells what to do.
import type { LoadSocket } from "./load-socket.ts";
import { type BenchPerson, openMember, roomName } from "./target.ts";

const openingMax = 400;
const dueMark = Buffer.from('"text":"due ');

export type CrowdOrder = { url: string; people: BenchPerson[]; rooms: number };
type ToCrowd = { kind: "open"; order: CrowdOrder } | { kind: "listen" } | { kind: "report" };
type FromCrowd = { kind: "open" } | { kind: "report"; latencies: number[]; closed: number };

/** Person `i` is in room `i % rooms`. Latencies are in ms, from a message's `due`, by the machine's clock. */
export class IdleCrowd {
  readonly sockets: LoadSocket[] = [];
  readonly latencies: number[] = [];

  async open({ url, people, rooms }: CrowdOrder): Promise<void> {
    const target = { url: new URL(url) };
    let next = 0;
    const open = async () => {
      for (let index = next++; index < people.length; index = next++)
        this.sockets[index] = await openMember(target, people[index]!, roomName(index % rooms));
    };
    await Promise.all(Array.from({ length: openingMax }, open));
  }

  listen(): void {
    for (const socket of this.sockets)
      socket.onFrame = (payload) => {
        const at = payload.indexOf(dueMark);
        if (at < 0) return;
        const from = at + dueMark.length;
        const due = Number(payload.toString("latin1", from, payload.indexOf(" ", from)));
        this.latencies.push(now() - due);
      };
  }

  get closed(): number {
    return this.sockets.filter((socket) => socket.isClosed).length;
  }
}

/** In ms, the same in all processes of this machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A crowd in a process of its own. */
export class DistantCrowd {
  readonly #child: Bun.Subprocess;
  #answer: (message: FromCrowd) => void = () => {};

  constructor() {
    this.#child = Bun.spawn([process.execPath, import.meta.path], {
      stdio: ["ignore", "inherit", "inherit"],
      ipc: (message: FromCrowd) => this.#answer(message),
    });
  }

  async open(order: CrowdOrder): Promise<void> {
    await this.#ask({ kind: "open", order });
  }

  listen(): void {
    this.#child.send({ kind: "listen" } satisfies ToCrowd);
  }

  async report(): Promise<{ latencies: number[]; closed: number }> {
    return (await this.#ask({ kind: "report" })) as Extract<FromCrowd, { kind: "report" }>;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  #ask(message: ToCrowd): Promise<FromCrowd> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#child.send(message);
    });
  }
}

if (import.meta.main) {
  const crowd = new IdleCrowd();
  process.on("message", async (message: ToCrowd) => {
    const send = (answer: FromCrowd) => process.send!(answer);
    if (message.kind === "open") {
      await crowd.open(message.order);
      send({ kind: "open" });
    } else if (message.kind === "listen") crowd.listen();
    else send({ kind: "report", latencies: crowd.latencies, closed: crowd.closed });
  });
}
