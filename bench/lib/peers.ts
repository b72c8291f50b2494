// Other servers, and other protocols of novaX, behind one interface, so that the same load can be driven at all of them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { freePort } from "../../tests/support/services.ts";
import { LoadSocket } from "./load-socket.ts";
import { createDatabaseAt, memberHeaders, readCpuSeconds, startTarget } from "./target.ts";

/** A server that runs, with people in rooms: person `i` is in room `i % rooms`. */
export type Peer = {
  /** Opens a person's connection, in their room. */
  open(person: number): Promise<LoadSocket>;
  /** The frame with which a person writes into their room. */
  encode(person: number, text: string): string;
  /** Whether people receive what they write themselves. */
  echoes: boolean;
  /** CPU seconds that it used so far; of another machine nothing is known. */
  cpuSeconds(): number;
  /** Stops it, and returns how many messages it has stored; null if nobody can tell. */
  stop(): Promise<number | null>;
};

export type World = { people: number; rooms: number; postgresUrl: string };

/** By what `--peers` calls them. `start` returns null for one that is not on this machine. */
export const peers: Record<
  string,
  { title: string; hasRooms: boolean; start(world: World): Promise<Peer | null> }
> = {
  basic: { title: "novaX, basic protocol", hasRooms: false, start: startBasic },
  xmpp: { title: "ejabberd, XMPP", hasRooms: true, start: startEjabberd },
};

/** The basic protocol of the contract, which knows one room. */
async function startBasic({ people, postgresUrl }: World): Promise<Peer> {
  const target = await startTarget("postgres", postgresUrl, { people, rooms: 1 });
  return {
    open: async (index) => {
      const person = target.people[index]!;
      const { "Sec-WebSocket-Protocol": _, ...headers } = memberHeaders(target, person);
      const socket = new LoadSocket();
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      socket.onFrame = () => resolve();
      await socket.connect(new URL(`/ws/${person.username}`, target.url), headers);
      await ready;
      return socket;
    },
    encode: (_person, text) => JSON.stringify({ sender: "", text, timestamp: 0 }),
    echoes: false,
    cpuSeconds: target.cpuSeconds,
    stop: target.stopAndCountMessages,
  };
}

const ejabberdHost = "localhost";

/** Debian's ejabberd with its archive in PostgreSQL. Null if it is not installed. */
async function startEjabberd({ people, rooms, postgresUrl }: World): Promise<Peer | null> {
  const program = Bun.which("ejabberdctl");
  const erl = Bun.which("erl");
  if (!program || !erl) {
    console.log("ejabberd isn't installed (apt-get install ejabberd erlang-p1-pgsql); it isn't measured.");
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "novax-ejabberd-"));
  const database = new URL(await createDatabaseAt(postgresUrl));
  const sql = new SQL(database, { max: 1 });
  await sql.unsafe(readSchema());
  const port = await freePort();
  const config = join(folder, "ejabberd.yml");
  writeFileSync(config, ejabberdConfig(port, database));
  const libraries = Bun.spawnSync(["dpkg", "-L", "ejabberd"]).stdout.toString();
  const ebin = /^\S+\/ejabberd-[\d.-]+\/ebin$/m.exec(libraries)![0];
  mkdirSync(join(folder, "mnesia"));
  const child = Bun.spawn(
    [
      ...[erl, "-noinput", "+K", "true", "+P", "250000", "-pa", ebin],
      ...["-mnesia", "dir", `"${join(folder, "mnesia")}"`],
      ...["-ejabberd", "config", `"${config}"`, "log_path", `"${join(folder, "ejabberd.log")}"`],
      ...["-s", "ejabberd"],
    ],
    { cwd: folder, stdout: "ignore", stderr: "ignore", env: { ...process.env, HOME: folder } },
  );
  const url = new URL(`http://127.0.0.1:${port}/ws`);
  await untilOpen(url);
  const peer = connectXmpp(url, { people, rooms });
  return {
    ...peer,
    cpuSeconds: () => readCpuSeconds(child.pid),
    stop: async () => {
      const [row] = await sql<{ count: string }[]>`select count(*) from archive`;
      await sql.close();
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
      return Number(row!.count);
    },
  };
}

/** XMPP over WebSocket (RFC 7395), signed in anonymously (RFC 4505), in rooms of a multi-user chat (XEP-0045). */
function connectXmpp(
  url: URL,
  { rooms }: { people: number; rooms: number },
): Omit<Peer, "cpuSeconds" | "stop"> {
  const roomOf = (person: number) => `room${person % rooms}@conference.${ejabberdHost}`;
  return {
    open: async (person) => {
      const socket = new LoadSocket();
      const seen = (mark: string) =>
        new Promise<void>((resolve) => {
          socket.onFrame = (payload) => {
            if (payload.includes(mark)) resolve();
          };
        });
      const open = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${ejabberdHost}" version="1.0"/>`;
      await socket.connect(url, { "Sec-WebSocket-Protocol": "xmpp", Origin: url.origin });
      const step = async (text: string, mark: string) => {
        const done = seen(mark);
        socket.send(text);
        await done;
      };
      await step(open, "mechanisms");
      await step(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>`, "<success");
      await step(open, "xmpp-bind");
      const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>`;
      await step(`<iq xmlns="jabber:client" type="set" id="b">${bind}</iq>`, "<jid>");
      const join = `<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x>`;
      const to = `${roomOf(person)}/person${person}`;
      // The room's subject is the last thing that somebody who enters is sent.
      await step(`<presence xmlns="jabber:client" to="${to}">${join}</presence>`, "<subject");
      return socket;
    },
    encode: (person, text) =>
      `<message xmlns="jabber:client" type="groupchat" id="${crypto.randomUUID()}" to="${roomOf(person)}"><body>${text}</body></message>`,
    echoes: true,
  };
}

function ejabberdConfig(port: number, database: URL): string {
  return `
hosts: [${ejabberdHost}]
loglevel: error
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${database.port}
sql_database: "${database.pathname.slice(1)}"
sql_username: "${database.username}"
sql_password: ""
auth_method: anonymous
anonymous_protocol: sasl_anon
allow_multiple_connections: true
websocket_timeout: 600
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
shaper: {}
acl:
  everybody:
    user_regexp: ""
access_rules:
  everybody:
    allow: everybody
modules:
  mod_mam:
    db_type: sql
    default: always
  mod_muc:
    access: everybody
    access_create: everybody
    max_users: 5000
    max_user_conferences: 1000
    max_users_presence: 1
    history_size: 0
    default_room_options:
      mam: true
      persistent: true
      max_users: 5000
`;
}

function readSchema(): string {
  const files = Bun.spawnSync(["dpkg", "-L", "ejabberd"]).stdout.toString().split("\n");
  const path = files.find((file) => /\/pg\.sql(\.gz)?$/.test(file));
  if (!path) throw new Error("ejabberd's schema for PostgreSQL isn't there");
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? Buffer.from(Bun.gunzipSync(bytes)).toString() : bytes.toString();
}

async function untilOpen(url: URL): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const isOpen = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isOpen) return;
    await Bun.sleep(30);
  }
  throw new Error(`${url} does not respond`);
}
