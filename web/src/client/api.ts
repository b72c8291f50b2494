import type { MyState, TimelinePage } from "@novax/protocol/bootstrap";
import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { JoinedRoom, Message, Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { RoomRole, ServerRole } from "@novax/protocol/permissions";
import type { PresenceState } from "@novax/protocol/signals";

export type PageQuery = { before?: number; after?: number; around?: number; limit: number };
export type ThreadPage = TimelinePage & { root: Message; isFollowed: boolean; readSeq: number };
export type Member = Person & { role: RoomRole; silencedUntil: number | null };
export type BrowsedRoom = {
  id: RoomId;
  name: string;
  topic: string;
  description: string;
  icon: string;
  colour: number | null;
  memberCount: number;
  isMember: boolean;
};
export type MessagePreview = {
  room: RoomId;
  seq: number;
  threadRoot: number | null;
  sender: Person;
  sentAt: number;
  excerpt: string | null;
  at: number;
};
export type FollowedThread = MessagePreview & { count: number; lastAt: number; unread: number };
export type Profile = {
  person: Person;
  serverRole: ServerRole;
  createdAt: number;
  status: MyState["status"];
  state: PresenceState | null;
};
/** What is one's own, and how much waits in the lists. */
export type MyLists = MyState & {
  reports: number;
  unreadThreads: number;
  threadMentions: number;
  dueReminders: number;
  approvals: number;
};
export type ScheduledLists = {
  scheduled: {
    sendId: SendId;
    room: RoomId;
    threadRoot: number | null;
    text: string;
    dueAt: number;
    refused: string | null;
  }[];
  reminders: { id: string; room: RoomId; seq: number | null; note: string; dueAt: number; isDue: boolean }[];
};
export type Report = {
  id: string;
  room: RoomId;
  roomName: string;
  seq: number;
  reporter: Person;
  sender: Person;
  reason: string;
  text: string;
  at: number;
  outcome: string | null;
  resolvedBy: Person | null;
  note: string;
};

/** The server said no; `detail` is for people. */
export class ApiRefusal extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Whether this browser's session still holds. Throws when the server cannot be reached. */
export async function isSignedIn(): Promise<boolean> {
  const response = await fetch("/api/messages?limit=1");
  return response.status !== 401;
}

/** Reads something. Throws an {@link ApiRefusal}, or what the network threw. */
async function read<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  );
  const search = given.length > 0 ? `?${new URLSearchParams(given as [string, string][])}` : "";
  const response = await fetch(`/api/${path}${search}`);
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiRefusal(response.status, problem.detail ?? `${response.status}`);
}

/** Orders something by HTTP. Throws an {@link ApiRefusal}, or what the network threw. */
async function command<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<ResultOf<T>> {
  const response = await fetch(`/api/commands/${type}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  if (response.ok) return (await response.json()) as ResultOf<T>;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiRefusal(response.status, problem.detail ?? `${response.status}`);
}

const inRoom = (room: RoomId, path: string) => `rooms/${encodeURIComponent(room)}/${path}`;

export const api = {
  command,
  rooms: () => read<{ epoch: string; rooms: JoinedRoom[] }>("rooms"),
  me: () => read<MyLists>("me"),
  timeline: (room: RoomId, query: PageQuery) => read<TimelinePage>(inRoom(room, "timeline"), query),
  thread: (room: RoomId, root: number, query: { before?: number; limit: number }) =>
    read<ThreadPage>(inRoom(room, `threads/${root}`), query),
  pins: (room: RoomId) => read<{ messages: Message[] }>(inRoom(room, "pins")),
  members: (room: RoomId, q = "", after = "", limit = 100) =>
    read<{ members: Member[] }>(inRoom(room, "members"), { q, after, limit }),
  bans: (room: RoomId) =>
    read<{ bans: { person: Person; reason: string; at: number }[] }>(inRoom(room, "bans")),
  revisions: (room: RoomId, seq: number) =>
    read<{ revisions: { text: string; at: number }[] }>(inRoom(room, `messages/${seq}/revisions`)),
  readers: (room: RoomId, seq: number) =>
    read<{ readers: Person[] }>(inRoom(room, `messages/${seq}/readers`)),
  browse: (q: string, after?: BrowsedRoom) =>
    read<{ rooms: BrowsedRoom[] }>("browse", { q, after_name: after?.name, after_id: after?.id }),
  people: (q: string, notIn?: RoomId) => read<{ people: Person[] }>("people", { q, notIn }),
  profile: (person: AccountId) => read<Profile>(`people/${person}`),
  mentions: (before?: number, limit?: number) =>
    read<{ messages: MessagePreview[] }>("mentions", { before, limit }),
  saved: (before?: number, limit?: number) =>
    read<{ messages: MessagePreview[] }>("saved", { before, limit }),
  threads: (before?: number) => read<{ threads: FollowedThread[] }>("threads", { before }),
  scheduled: () => read<ScheduledLists>("me/scheduled"),
  reports: (isDone: boolean) => read<{ reports: Report[] }>("reports", { done: isDone ? 1 : undefined }),
  addressBans: () => read<{ addresses: string[] }>("address-bans"),
  wordFilter: () => read<{ words: string[] }>("word-filter"),
};
export type Api = typeof api;
