// The pictures of people and rooms, for those who can know of them. The server's own is in `server-icon.ts`.
import type { FileId } from "@novax/protocol/files";
import { accountIdSchema, roomIdSchema } from "@novax/protocol/ids";
import { z } from "zod";
import { openPart, readFrom } from "../../files/file-store.ts";
import { fileGone } from "../../files/receive-file.ts";
import { findPictureOf, findPictureOfRoom } from "../../pictures/read-pictures.ts";
import type { App } from "../app.ts";
import { defineSessionRoute, type Route } from "../route.ts";

/** `v`: the id of the picture, so that a new one has a new address. With it the browser may keep the picture. */
const query = z.strictObject({ v: z.string().max(64).optional() });

const personRoute = defineSessionRoute({
  method: "GET",
  path: "/api/people/:person/picture",
  summary: "Get a person's picture.",
  query,
  answers: { 200: { description: "The picture.", type: "image/webp" } },
  handle: async ({ app, actor, params, query: { v } }) => {
    const person = accountIdSchema.safeParse(params.person);
    return sendPicture(app, person.success ? await findPictureOf(app, actor, person.data) : null, v);
  },
});

const roomRoute = defineSessionRoute({
  method: "GET",
  path: "/api/rooms/:room/picture",
  summary: "Get a room's picture.",
  query,
  answers: { 200: { description: "The picture.", type: "image/webp" } },
  handle: async ({ app, actor, params, query: { v } }) => {
    const room = roomIdSchema.safeParse(params.room);
    return sendPicture(app, room.success ? await findPictureOfRoom(app, actor, room.data) : null, v);
  },
});

const emojiRoute = defineSessionRoute({
  method: "GET",
  path: "/api/emoji/:name",
  summary: "Get one of the server's own emoji.",
  query,
  answers: { 200: { description: "The picture.", type: "image/webp" } },
  handle: ({ app, params, query: { v } }) =>
    sendPicture(app, app.customEmoji.find(params.name!)?.picture ?? null, v),
});

export const pictureRoutes: readonly Route[] = [personRoute, roomRoute, emojiRoute];

/**
 * Sends a small picture that we encoded. The browser keeps it if its address names it: only those who can know of the
 * picture have learnt its id.
 */
export async function sendPicture(app: App, picture: FileId | null, asked?: string): Promise<Response> {
  const part = picture && (await openPart(app, picture, "picture"));
  if (!part) throw fileGone();
  return new Response(await readFrom(app, part, { start: 0, end: part.size }), {
    headers: {
      "content-type": "image/webp",
      "content-length": String(part.size),
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": asked === picture ? "private, max-age=604800" : "private, no-store",
    },
  });
}
