import type { FileId } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

/** Sets a person's picture. Returns the one they had. */
export async function setPersonPicture(
  tx: Sql,
  account: AccountId,
  picture: FileId | null,
): Promise<FileId | null> {
  const [row] = await tx<{ before: FileId | null }>`
    update accounts a set picture_id = ${picture}::uuid
    from (select id, picture_id from accounts where id = ${account} for no key update) old
    where a.id = old.id returning old.picture_id as before`;
  return row?.before ?? null;
}

export async function setRoomPicture(tx: Sql, room: RoomId, picture: FileId | null): Promise<void> {
  await tx`update rooms set picture_id = ${picture}::uuid where id = ${room}`;
}

/** Sets the server's picture. Returns the one it had. */
export async function setServerPicture(tx: Sql, picture: FileId | null): Promise<FileId | null> {
  const [row] = await tx<{ before: FileId | null }>`
    update installation i set picture_id = ${picture}::uuid
    from (select only_row, picture_id from installation for no key update) old
    where i.only_row = old.only_row returning old.picture_id as before`;
  return row?.before ?? null;
}

/** Returns the pictures of those of these people who have one. */
export async function listPictures(
  sql: Sql,
  ids: readonly AccountId[],
): Promise<{ person: AccountId; picture: FileId }[]> {
  return sql<{ person: AccountId; picture: FileId }>`
    select id as person, picture_id as picture from accounts
    where id = any(${sql.array(ids, "uuid")}) and picture_id is not null`;
}

/** The picture of a room that a person is in or can join. */
export async function findRoomPicture(sql: Sql, viewer: AccountId, room: RoomId): Promise<FileId | null> {
  const [row] = await sql<{ picture_id: FileId | null }>`
    select r.picture_id from rooms r join accounts w on w.id = ${viewer}
    where r.id = ${room} and (
      exists (select 1 from memberships m where m.room_id = r.id and m.account_id = w.id)
      or (r.kind = 'public' and w.server_role <> 'guest')
    )`;
  return row?.picture_id ?? null;
}

export const pictureData: AccountData = {
  name: "picture",
  read: async (sql, account) => {
    const [row] = await sql<{
      picture: FileId | null;
    }>`select picture_id as picture from accounts where id = ${account}`;
    return row?.picture ?? null;
  },
  erase: (tx, account) => tx`delete from files where owner_id = ${account} and purpose = 'person'`,
};
