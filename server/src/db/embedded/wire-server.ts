import type { PGlite } from "@electric-sql/pglite";
import type { Socket, UnixSocketListener } from "bun";

type Client = { pending: Buffer; isStarted: boolean };

const sslRequestCode = 80_877_103;
const messageTypes = { query: 0x51, sync: 0x53, terminate: 0x58 };

type Runner = Pick<PGlite, "execProtocolRawStream" | "exec">;

/**
 * Serves PostgreSQL's wire protocol on a unix socket for one PGlite, to one client at a time. Messages up to a Sync
 * (or one simple Query) run as one batch, and the response is sent back complete.
 *
 * `onBroken`: called when PostgreSQL has ended in the middle of a batch. It says errors of statements in its response, so
 * this is one that it does not survive, such as a disk that fails: nothing is answered any more.
 */
export function serveWire(
  pg: Runner,
  path: string,
  onBroken: (error: unknown) => void,
): UnixSocketListener<Client> {
  let current: Socket<Client> | null = null;
  let work: Promise<unknown> = Promise.resolve();
  const enqueue = (job: () => Promise<void>) => {
    work = work.then(job, job);
  };
  return Bun.listen<Client>({
    unix: path,
    socket: {
      open(socket) {
        socket.data = { pending: Buffer.alloc(0), isStarted: false };
        // A second client would share the transaction and prepared statements of the only backend.
        if (current) socket.end();
        else current = socket;
      },
      data(socket, chunk) {
        if (socket !== current) return;
        const { data: client } = socket;
        client.pending =
          client.pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([client.pending, chunk]);
        for (let batch = takeBatch(client, socket); batch !== null; batch = takeBatch(client, socket)) {
          const messages = batch;
          enqueue(async () => {
            // Not `execProtocolRaw`, which keeps every response in memory for good.
            try {
              await pg.execProtocolRawStream(messages, {
                syncToFs: false,
                onRawData: (answer) => {
                  if (socket.readyState === 1) writeAll(socket, answer);
                },
              });
            } catch (error) {
              onBroken(error);
            }
          });
        }
      },
      drain(socket) {
        flush(socket);
      },
      close(socket) {
        if (socket !== current) return;
        current = null;
        // The next client must not inherit an open transaction or prepared statements.
        enqueue(async () => {
          await pg.exec("rollback; deallocate all").catch(() => {});
        });
      },
      error() {},
    },
  });
}

/** The next batch of messages to send to the backend together, or null if more must arrive first. */
function takeBatch(client: Client, socket: Socket<Client>): Buffer | null {
  const { pending } = client;
  if (!client.isStarted) {
    if (pending.length < 8 || pending.length < pending.readInt32BE(0)) return null;
    const length = pending.readInt32BE(0);
    client.pending = pending.subarray(length);
    if (pending.readInt32BE(4) === sslRequestCode) {
      socket.write("N");
      return takeBatch(client, socket);
    }
    client.isStarted = true;
    return pending.subarray(0, length);
  }
  let end = 0;
  while (pending.length >= end + 5) {
    const type = pending[end];
    const next = end + 1 + pending.readInt32BE(end + 1);
    if (pending.length < next) return null;
    if (type === messageTypes.terminate) {
      socket.end();
      return null;
    }
    end = next;
    if (type === messageTypes.sync || type === messageTypes.query) {
      client.pending = pending.subarray(end);
      return pending.subarray(0, end);
    }
  }
  return null;
}

const unsent = new WeakMap<Socket<Client>, Buffer[]>();

function writeAll(socket: Socket<Client>, bytes: Uint8Array): void {
  const queue = unsent.get(socket) ?? [];
  queue.push(Buffer.from(bytes));
  unsent.set(socket, queue);
  flush(socket);
}

function flush(socket: Socket<Client>): void {
  const queue = unsent.get(socket);
  while (queue && queue.length > 0) {
    const first = queue[0]!;
    const written = socket.write(first);
    if (written < 0) return;
    if (written < first.length) {
      queue[0] = first.subarray(written);
      return;
    }
    queue.shift();
  }
}
