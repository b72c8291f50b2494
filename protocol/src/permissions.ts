// The one table of permissions. The server's checks, the client's buttons, the documentation and the test of every cell
// read it.

/** The roles a member can have in a room. */
export const roomRoles = ["owner", "moderator", "member", "read_only"] as const;
export type RoomRole = (typeof roomRoles)[number];

/** The roles a person can have on the server, highest first. */
export const serverRoles = ["owner", "admin", "member", "guest"] as const;
export type ServerRole = (typeof serverRoles)[number];

export const roomKinds = ["public", "private", "direct", "group"] as const;
export type RoomKind = (typeof roomKinds)[number];

const everybody = roomRoles;
const writers = ["owner", "moderator", "member"] as const;
const moderators = ["owner", "moderator"] as const;
const owners = ["owner"] as const;

/** Which roles in a room have which rights there. */
export const roomPermissions = {
  "room.read": everybody,
  "room.leave": everybody,
  "room.set_topic": writers,
  "room.change": moderators,
  "room.archive": owners,
  /** Let this server ask other servers what is behind links. */
  "room.allow_previews": owners,
  "member.add": writers,
  "member.remove": moderators,
  "member.silence": moderators,
  "member.ban": moderators,
  "member.set_role": owners,
  "message.send": writers,
  /** Post where only moderators can post, and without waiting in slow mode. */
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

/** Which roles on the server have which rights there. */
export const serverPermissions = {
  "room.create": insiders,
  "room.browse": insiders,
  "room.join": insiders,
  "direct.open": serverRoles,
  "me.change": serverRoles,
  "report.resolve_any": admins,
  "word_filter.change": admins,
  "address.ban": ["owner"],
  "server.change": ["owner"],
  "emoji.add": insiders,
  "emoji.remove_any": admins,
} as const satisfies Record<string, readonly ServerRole[]>;
export type ServerAction = keyof typeof serverPermissions;

/**
 * Direct rooms and groups have no owner: everyone in them is a member. Rights that would change the room or its members
 * do not exist there. A group can be left, and a conversation of two hidden.
 */
const notInGroup: readonly RoomAction[] = [
  "room.set_topic",
  "room.change",
  "room.archive",
  "room.allow_previews",
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
const absentIn: Record<RoomKind, readonly RoomAction[]> = {
  public: [],
  private: [],
  group: notInGroup,
  direct: [...notInGroup, "room.leave"],
};

export function isDirect(kind: RoomKind): boolean {
  return kind === "direct" || kind === "group";
}

/** Returns whether a role has a right in a room of this kind. */
export function mayInRoom(role: RoomRole, action: RoomAction, kind: RoomKind): boolean {
  return !absentIn[kind].includes(action) && (roomPermissions[action] as readonly RoomRole[]).includes(role);
}

/** Returns whether a role has a right on the server. */
export function mayOnServer(role: ServerRole, action: ServerAction): boolean {
  return (serverPermissions[action] as readonly ServerRole[]).includes(role);
}

/**
 * Returns the role a member acts with. Server owners and admins act as owners in every room they are in, except direct
 * rooms.
 */
export function roleInRoom(role: RoomRole, serverRole: ServerRole, kind: RoomKind): RoomRole {
  if (isDirect(kind)) return role;
  return serverRole === "owner" || serverRole === "admin" ? "owner" : role;
}

/**
 * Returns whether one role can act on a member with another. Owners act on everyone, all others only on lower roles.
 */
export function mayActOnMember(role: RoomRole, target: RoomRole): boolean {
  return role === "owner" || roomRoles.indexOf(role) < roomRoles.indexOf(target);
}
