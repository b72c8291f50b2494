// A network between two programs of this machine that can be cut.
import type { Socket } from "bun";

/** What happens to connections: passed on, nothing in either direction, or nothing of what the target answers. */
type Mode = "open" | "silent" | "answers held";

type Line = {
  server: Socket | null;
  mode: Mode;
  toClient: Buffer[];
  toServer: Buffer[];
  /** Whether the last thing that went through was an answer. */
  isAnswered: boolean;
};

/** Passes TCP connections on to a port of this machine. */
export class TcpProxy {
  readonly #clients = new Set<Socket<Line>>();
  readonly #listener: Bun.TCPSocketListener<Line>;
  #newMode: Mode = "open";
  #roundTrips = 0;

  /** `delayMs`: how long everything takes in each direction. */
  constructor(target: number, delayMs = 0) {
    const later = (arrive: () => void) => {
      if (delayMs > 0) setTimeout(arrive, delayMs);
      else arrive();
    };
    this.#listener = Bun.listen<Line>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (client) => {
          const line: Line = {
            ...{ server: null, mode: this.#newMode, toClient: [], toServer: [] },
            isAnswered: true,
          };
          client.data = line;
          this.#clients.add(client);
          Bun.connect({
            hostname: "127.0.0.1",
            port: target,
            socket: {
              open: (server) => {
                line.server = server;
                flush(client);
              },
              data: (_server, bytes) => {
                line.isAnswered = true;
                const copy = Buffer.from(bytes);
                later(() => {
                  line.toClient.push(copy);
                  flush(client);
                });
              },
              drain: () => flush(client),
              close: () => {
                if (line.mode === "open") client.end();
              },
              error: () => {
                client.end();
              },
            },
          }).catch(() => client.end());
        },
        data: (client, bytes) => {
          // What is sent before an answer came goes along with what was sent before.
          if (client.data.isAnswered) this.#roundTrips += 1;
          client.data.isAnswered = false;
          const copy = Buffer.from(bytes);
          later(() => {
            client.data.toServer.push(copy);
            flush(client);
          });
        },
        drain: flush,
        close: (client) => {
          this.#clients.delete(client);
          if (client.data.mode !== "silent") client.data.server?.end();
        },
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** How often something was asked, on any connection, after all that was asked before had an answer. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Connections that are open say nothing from now on, in either direction, and stay open; new ones work. */
  silence(): void {
    for (const client of this.#clients) client.data.mode = "silent";
  }

  /** As {@link silence}, and new connections say nothing either. */
  cut(): void {
    this.#newMode = "silent";
    this.silence();
  }

  /** What is asked arrives, and no answer comes back, on connections that are open and new ones. */
  holdAnswers(): void {
    this.#newMode = "answers held";
    for (const client of this.#clients) client.data.mode = "answers held";
  }

  /** Connections work again. What was held back arrives. */
  heal(): void {
    this.#newMode = "open";
    for (const client of this.#clients) {
      client.data.mode = "open";
      flush(client);
    }
  }

  /** Breaks all connections, with what was held back; new ones work. */
  reset(): void {
    this.#newMode = "open";
    for (const client of this.#clients) {
      client.data.server?.terminate();
      client.terminate();
    }
  }

  stop(): void {
    this.#listener.stop(true);
  }
}

function flush(client: Socket<Line>): void {
  const { server, mode, toClient, toServer } = client.data;
  if (mode !== "silent" && server) write(server, toServer);
  if (mode === "open") write(client, toClient);
}

function write(to: Socket<Line> | Socket, held: Buffer[]): void {
  while (held.length > 0) {
    const written = to.write(held[0]!);
    if (written < held[0]!.length) {
      held[0] = held[0]!.subarray(Math.max(written, 0));
      return;
    }
    held.shift();
  }
}
