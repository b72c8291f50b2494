// Who may do what: the one table. The server's checks, the buttons of the client, the document and the test of every
// cell read it.

/** What somebody is in a room. */
export const roomRoles = ["owner", "moderator", "member", "read_only"] as const;
export type RoomRole = (typeof roomRoles)[number];

/** What somebody is on the server, the mightiest first. */
export const serverRoles = ["owner", "admin", "member", "guest"] as const;
export type ServerRole = (typeof serverRoles)[number];

export const roomKinds = ["public", "private", "direct", "group"] as const;
export type RoomKind = (typeof roomKinds)[number];

const everybody = roomRoles;
const writers = ["owner", "moderator", "member"] as const;
const moderators = ["owner", "moderator"] as const;
const owners = ["owner"] as const;

/** What the members of a room may do in it, by their role there. */
export const roomPermissions = {
  "room.read": everybody,
  "room.leave": everybody,
  "room.set_topic": writers,
  "room.change": moderators,
  "room.archive": owners,
  "member.add": writers,
  "member.remove": moderators,
  "member.silence": moderators,
  "member.ban": moderators,
  "member.set_role": owners,
  "message.send": writers,
  /** Where only some may write, and where the others must wait between two messages. */
  "message.send_always": moderators,
  "message.edit_own": writers,
  "message.delete_own": everybody,
  "message.delete_any": moderators,
  "message.pin": writers,
  "message.react": writers,
  "message.report": everybody,
  "mention.everyone": writers,
  "poll.vote": writers,
  "poll.close_any": moderators,
  "report.resolve": moderators,
} as const satisfies Record<string, readonly RoomRole[]>;
export type RoomAction = keyof typeof roomPermissions;

const insiders = ["owner", "admin", "member"] as const;
const admins = ["owner", "admin"] as const;

/** What somebody may do on the server, by their role there. */
export const serverPermissions = {
  "room.create": insiders,
  "room.browse": insiders,
  "room.join": insiders,
  "direct.open": serverRoles,
  "me.change": serverRoles,
  "report.resolve_any": admins,
  "word_filter.change": admins,
  "address.ban": ["owner"],
} as const satisfies Record<string, readonly ServerRole[]>;
export type ServerAction = keyof typeof serverPermissions;

/**
 * Two people, or a few, who talk: there is no owner, everybody is a member, and what would change who is in it or what
 * it is does not exist.
 */
const notInDirect: readonly RoomAction[] = [
  "room.leave",
  "room.set_topic",
  "room.change",
  "room.archive",
  "member.add",
  "member.remove",
  "member.silence",
  "member.ban",
  "member.set_role",
  "message.delete_any",
  "mention.everyone",
  "poll.close_any",
  "report.resolve",
];

export function isDirect(kind: RoomKind): boolean {
  return kind === "direct" || kind === "group";
}

/** Whether this role may do this in a room of this kind. */
export function mayInRoom(role: RoomRole, action: RoomAction, kind: RoomKind): boolean {
  if (isDirect(kind) && notInDirect.includes(action)) return false;
  return (roomPermissions[action] as readonly RoomRole[]).includes(role);
}

/** Whether this role may do this on the server. */
export function mayOnServer(role: ServerRole, action: ServerAction): boolean {
  return (serverPermissions[action] as readonly ServerRole[]).includes(role);
}

/** Owners and admins of the server act as owners in every room that they are in. */
export function roleInRoom(role: RoomRole, serverRole: ServerRole, kind: RoomKind): RoomRole {
  if (isDirect(kind)) return role;
  return serverRole === "owner" || serverRole === "admin" ? "owner" : role;
}

/** Whether somebody with this role may act on a member with that one: on those below, owners on everybody. */
export function mayActOnMember(role: RoomRole, target: RoomRole): boolean {
  return role === "owner" || roomRoles.indexOf(role) < roomRoles.indexOf(target);
}
