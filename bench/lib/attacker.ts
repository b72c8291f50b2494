// The attacks of figure H, in a thread of their own, so that they don't hold up the clock that measures.
import { messageTextCharsMax } from "@novax/protocol/limits";
import type { BenchPerson } from "./target.ts";

declare const self: Worker;

export type Order = { name: string; url: string; people: BenchPerson[]; password: string };
export type Sent = { requests: number; statuses: Record<string, number> };

type Ask = (index: number) => [path: string, init?: RequestInit];
type Attack = { parallel: number; ask: (order: Order) => Ask };

const signedIn = (order: Order, person: BenchPerson, body?: object): RequestInit => ({
  headers: {
    cookie: `novax_session=${person.token}`,
    origin: new URL(order.url).origin,
    ...(body ? { "content-type": "application/json" } : {}),
  },
  ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
});
const send = (order: Order, text: string): [string, RequestInit] => [
  "/api/commands/message.send",
  signedIn(order, order.people[0]!, {
    room: "general",
    sendId: crypto.randomUUID(),
    body: { kind: "text", text },
  }),
];
const fill = (piece: string) => piece.repeat(messageTextCharsMax).slice(0, messageTextCharsMax);

/** What each attack asks for, by the id of its finding; as many at once as it was found with. */
export const attacks: Record<string, Attack> = {
  "H1 thousands of unknown keys": {
    parallel: 8,
    ask: () => {
      const query = Array.from({ length: 4000 }, (_, key) => `k${key}`).join("&");
      return () => [`/?${query}`];
    },
  },
  "H1 the longest query that is read": {
    parallel: 8,
    ask: () => {
      const query = Array.from({ length: 500 }, (_, key) => `${key}`).join("&");
      return () => [`/?${query}`];
    },
  },
  "H2 pages of 200 polls": {
    parallel: 4,
    ask: (order) => () => ["/api/rooms/polls/timeline?limit=200", signedIn(order, order.people[0]!)],
  },
  "H3 groups with one victim": {
    parallel: 4,
    ask: (order) => (index) => {
      const others = order.people.slice(2 + (index % 40), 12 + (index % 40)).map(({ id }) => id);
      return [
        "/api/commands/direct.open",
        signedIn(order, order.people[0]!, { people: [order.people[1]!.id, ...others] }),
      ];
    },
  },
  "A21 the chat's page": {
    parallel: 8,
    ask: (order) => () => ["/chat", signedIn(order, order.people[0]!)],
  },
  "A21 reading all there is": {
    parallel: 8,
    ask: (order) => (index) => [
      `/api/rooms/texts/timeline?limit=200&before=${1000 - (index % 400)}`,
      signedIn(order, order.people[0]!),
    ],
  },
  "A21 the export": {
    parallel: 4,
    ask: (order) => () => ["/account/export", signedIn(order, order.people[0]!, {})],
  },
  "A22 a long run of marks in a name": {
    parallel: 8,
    ask: (order) => () => send(order, `@a${"-".repeat(3990)}b`),
  },
  "A23 texts that were costly to read": {
    parallel: 8,
    ask: (order) => {
      const texts = ["- a\n", "*_~`[<@a ", "[a](<b@a ", "> - @a\n", "a\n-\n"].map(fill);
      return (index) => send(order, `@a ${texts[index % texts.length]!}`.slice(0, messageTextCharsMax));
    },
  },
  "A30 right passwords of sixty accounts": {
    parallel: 60,
    ask: (order) => (index) => {
      const { username } = order.people[index % order.people.length]!;
      const body = JSON.stringify({ username, password: order.password });
      const headers = { origin: new URL(order.url).origin, "content-type": "application/json" };
      return ["/login", { method: "POST", headers, body }];
    },
  },
};

let isOver = false;
let ending = new AbortController();

self.onmessage = async ({ data }: MessageEvent<Order | "stop">) => {
  if (data === "stop") {
    isOver = true;
    ending.abort();
    return;
  }
  isOver = false;
  ending = new AbortController();
  const { parallel, ask } = attacks[data.name]!;
  const next = ask(data);
  const sent: Sent = { requests: 0, statuses: {} };
  const attack = async () => {
    while (!isOver) {
      const [path, init] = next(sent.requests++);
      const response = await fetch(data.url + path, {
        redirect: "manual",
        signal: ending.signal,
        ...init,
      }).catch(() => null);
      await response?.arrayBuffer().catch(() => null);
      const status = String(response?.status ?? "none");
      sent.statuses[status] = (sent.statuses[status] ?? 0) + 1;
      // Refused, an attacker that does not wait only measures how fast refusals are; so do theirs here, and a little less.
      if (response?.status === 429 || response?.status === 414) await Bun.sleep(5);
    }
  };
  await Promise.all(Array.from({ length: parallel }, attack));
  self.postMessage(sent);
};
