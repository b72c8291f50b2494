// A network between a server and its database that can be cut.
import type { Socket } from "bun";

type Line = { server: Socket | null; isSilent: boolean; toClient: Buffer[]; toServer: Buffer[] };

/** Passes TCP connections on to a port of this machine. */
export class TcpProxy {
  readonly #clients = new Set<Socket<Line>>();
  readonly #listener: Bun.TCPSocketListener<Line>;

  constructor(target: number) {
    const pass = (to: Socket<Line> | Socket | null, held: Buffer[], isSilent: boolean, bytes?: Buffer) => {
      if (bytes) held.push(Buffer.from(bytes));
      while (to && !isSilent && held.length > 0) {
        const written = to.write(held[0]!);
        if (written < held[0]!.length) {
          held[0] = held[0]!.subarray(Math.max(written, 0));
          return;
        }
        held.shift();
      }
    };
    const flush = (client: Socket<Line>) => {
      const { server, toClient, toServer, isSilent } = client.data;
      pass(client, toClient, isSilent);
      pass(server, toServer, isSilent);
    };
    this.#flush = flush;
    this.#listener = Bun.listen<Line>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (client) => {
          const line: Line = { server: null, isSilent: false, toClient: [], toServer: [] };
          client.data = line;
          this.#clients.add(client);
          void Bun.connect({
            hostname: "127.0.0.1",
            port: target,
            socket: {
              open: (server) => {
                line.server = server;
                flush(client);
              },
              data: (_server, bytes) => pass(client, line.toClient, line.isSilent, bytes),
              drain: () => flush(client),
              close: () => {
                if (!line.isSilent) client.end();
              },
            },
          });
        },
        data: (client, bytes) => pass(client.data.server, client.data.toServer, client.data.isSilent, bytes),
        drain: flush,
        close: (client) => {
          this.#clients.delete(client);
          if (!client.data.isSilent) client.data.server?.end();
        },
      },
    });
  }

  readonly #flush: (client: Socket<Line>) => void;

  get port(): number {
    return this.#listener.port;
  }

  /** Connections that are open say nothing from now on, in either direction, and stay open. New ones work. */
  silence(): void {
    for (const client of this.#clients) client.data.isSilent = true;
  }

  /** What was held back by {@link silence} arrives. */
  heal(): void {
    for (const client of this.#clients) {
      client.data.isSilent = false;
      this.#flush(client);
    }
  }

  stop(): void {
    this.#listener.stop(true);
  }
}
