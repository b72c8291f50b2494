import type { FieldsOf } from "@novax/protocol/commands";
import type { FileId, FilePurpose } from "@novax/protocol/files";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { deletePicture, findFile, usePicture } from "../files/queries.ts";
import { fileGone } from "../files/receive-file.ts";
import type { Uploads } from "../files/uploads.ts";
import { publishProfileChange } from "../people/my-profile.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { setPersonPicture, setRoomPicture, setServerPicture } from "./queries.ts";

type PictureNeeds = TransactionNeeds & { uploads: Pick<Uploads, "describe"> };

/** Sets or removes the actor's own picture. Refuses with `file_gone` and as `Uploads.describe` does. */
export async function setMyPicture(
  app: PictureNeeds,
  actor: Actor,
  { picture }: FieldsOf<"picture.set">,
): Promise<void> {
  await describe(app, actor, picture);
  await transact(app, async ({ sql }) => {
    await assertMayOnServer(sql, actor, "me.change");
    await take(sql, actor, picture, "person");
    await drop(sql, await setPersonPicture(sql, actor.id, picture));
  });
  publishProfileChange(app, actor.id);
}

/** Sets or removes a room's picture. Refuses as {@link setMyPicture}, `inRoom` and `assertMaySpeakNow` do. */
export async function setPictureOfRoom(
  app: PictureNeeds,
  actor: Actor,
  { room: id, picture }: FieldsOf<"room.set_picture">,
): Promise<void> {
  await describe(app, actor, picture);
  await inRoom(app, actor, { room: id, right: "room.change" }, async (transaction) => {
    const { sql, room, record, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    if (room.picture === picture) return;
    await take(sql, actor, picture, "room");
    await setRoomPicture(sql, id, picture);
    await drop(sql, room.picture);
    await record({ room: id, type: "room.changed", actor: person, changes: { picture } });
    transaction.audit({ action: "room.changed", detail: `${id}: picture` });
  });
}

/** Sets or removes the server's picture. Refuses as {@link setMyPicture} does, and with `forbidden`. */
export async function setPictureOfServer(
  app: PictureNeeds,
  actor: Actor,
  { picture }: FieldsOf<"server.set_picture">,
): Promise<void> {
  await describe(app, actor, picture);
  await transact(app, async ({ sql, audit, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "server.change");
    await take(sql, actor, picture, "server");
    await drop(sql, await setServerPicture(sql, picture));
    audit({ action: "settings.changed", actor, detail: picture === null ? "picture removed" : "picture" });
    publishAfterCommit({ kind: "server_identity_changed" });
  });
}

/** Before the transaction: it may have to be decoded first. */
async function describe(app: PictureNeeds, actor: Actor, picture: FileId | null): Promise<void> {
  if (picture === null) return;
  const file = await findFile(app.db.sql, picture);
  if (file?.owner !== actor.id) throw fileGone();
  await app.uploads.describe(file);
}

async function take(tx: Sql, actor: Actor, picture: FileId | null, purpose: FilePurpose): Promise<void> {
  if (picture !== null && !(await usePicture(tx, actor.id, { id: picture, purpose }))) throw fileGone();
}

async function drop(tx: Sql, picture: FileId | null): Promise<void> {
  if (picture !== null) await deletePicture(tx, picture);
}
