// Where each read is. Apart from the schemas, so that the client can use it without their weight.

/** The path of every read; `:name` is a field of its input, and the other fields are its query. */
export const readPaths = {
  "me.read": "/api/me",
  "me.mentions": "/api/me/mentions",
  "me.saved": "/api/me/saved",
  "me.threads": "/api/me/threads",
  "me.scheduled": "/api/me/scheduled",
  "me.reminders": "/api/me/reminders",
  "rooms.list": "/api/rooms",
  "rooms.browse": "/api/browse",
  "room.timeline": "/api/rooms/:room/timeline",
  "room.events": "/api/rooms/:room/events",
  "room.thread": "/api/rooms/:room/threads/:seq",
  "room.pins": "/api/rooms/:room/pins",
  "room.members": "/api/rooms/:room/members",
  "room.bans": "/api/rooms/:room/bans",
  "message.revisions": "/api/rooms/:room/messages/:seq/revisions",
  "message.readers": "/api/rooms/:room/messages/:seq/readers",
  "people.search": "/api/people",
  "person.profile": "/api/people/:person",
  "reports.list": "/api/reports",
  "word_filter.read": "/api/word-filter",
  "address_bans.read": "/api/address-bans",
} as const;

export type ReadType = keyof typeof readPaths;

/** The address of a read with this input; what is undefined is left out. */
export function readUrl(type: ReadType, input: Readonly<Record<string, unknown>> = {}): string {
  const path: string = readPaths[type];
  const isGiven = (name: string) => input[name] !== undefined;
  const encoded = (name: string) => encodeURIComponent(String(input[name]));
  const query = Object.keys(input)
    .filter((name) => isGiven(name) && !path.includes(`:${name}`))
    .map((name) => `${name}=${encoded(name)}`);
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encoded(name));
  return query.length > 0 ? `${filled}?${query.join("&")}` : filled;
}
