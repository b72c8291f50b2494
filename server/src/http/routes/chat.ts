import { appShortcuts, openShared } from "@novax/protocol/app-shortcuts";
import { type Bootstrap, shellPath } from "@novax/protocol/bootstrap";
import type { JoinedRoom } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import { roomIdSchema } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import { z } from "zod";
import { rememberLanguage } from "../../accounts/queries.ts";
import { idleMsOf } from "../../auth/sessions.ts";
import { readTimeline } from "../../messages/timeline.ts";
import { countUnseenNotices } from "../../notices/queries.ts";
import { readMyState } from "../../people/queries.ts";
import { findOldestUnread, listDrafts } from "../../rooms/my-queries.ts";
import { listJoinedRooms } from "../../rooms/queries.ts";
import type { App } from "../app.ts";
import { chatPage } from "../pages/chat-page.ts";
import { defineRoute, defineSessionRoute, type Route, redirect, type SignedIn } from "../route.ts";
import type { PageAssets } from "../serve-web.ts";

const bootstrapEntries = { min: 50, max: 120 };
/** No device shows messages longer than this without having asked the server. */
const keptMaxMs = 7 * 24 * 3_600_000;

/** The chat, with an address for each room and message. */
export function createChatRoutes(assets: PageAssets): Route[] {
  const handle = async ({
    app,
    actor,
    context,
    params,
    cookies,
  }: SignedIn<unknown, unknown>): Promise<Response> => {
    const { sql } = app.db;
    await rememberLanguage(sql, actor.id, context.language);
    const rooms = await listJoinedRooms(sql, actor.id);
    const named = params.room === undefined ? undefined : rooms.find((room) => room.id === params.room);
    // A missing room and one that this person may not see look the same. The chat offers to join it if it is public.
    if (params.room !== undefined && !named) {
      const isId = roomIdSchema.safeParse(params.room).success;
      return redirect(isId ? `/chat?join=${params.room}` : "/chat");
    }
    const first =
      named ??
      rooms.find((room) => room.id === cookies.lastRoom) ??
      rooms.find((room) => room.id === generalRoomId) ??
      rooms[0];
    const bootstrap: Bootstrap = {
      epoch: app.epoch,
      you: { ...asPerson(actor), serverRole: actor.serverRole },
      unseenNotices: await countUnseenNotices(sql, actor.id),
      rooms,
      open: first ? await openRoom(app, actor, first, params.seq) : null,
      drafts: await listDrafts(sql, actor.id),
      me: await readMyState(sql, actor.id, app.clock.now()),
      hasLinkPreviews: app.linkPreviews.mode !== "off",
      // Not longer than the session itself would last, if it was not used.
      keptForMs: Math.min(keptMaxMs, idleMsOf(actor.serverRole, app.sessionLimits)),
    };
    app.budgets.chargeAnswer(actor.id, JSON.stringify(bootstrap).length);
    return chatPage({ ...context, assets }, bootstrap);
  };
  const summary = "The chat; signed out, the login page.";
  const pages = ["/chat", "/chat/:room", "/chat/:room/:seq"].map((path) =>
    defineSessionRoute({
      method: "GET",
      path,
      summary,
      isPage: true,
      cost: 4,
      takesTurns: true,
      query: z.strictObject({
        join: z.string().max(64).optional(),
        open: z.enum([...appShortcuts, openShared]).optional(),
      }),
      handle,
    }),
  );
  const shell = defineRoute({
    method: "GET",
    path: shellPath,
    summary: "The chat without data.",
    access: "public",
    isPage: true,
    handle: ({ context }) => chatPage({ ...context, assets }, null),
  });
  return [...pages, shell];
}

/** Loads the part of a room that is shown first: around the linked message, at the first unread one, or at the end. */
async function openRoom(
  app: App,
  actor: { id: Bootstrap["you"]["id"] },
  room: JoinedRoom,
  seq: string | undefined,
): Promise<NonNullable<Bootstrap["open"]>> {
  const { sql } = app.db;
  const { min, max } = bootstrapEntries;
  const named = seq !== undefined && /^[1-9]\d{0,14}$/.test(seq) ? Number(seq) : null;
  const around =
    named ??
    (room.unread > min
      ? await findOldestUnread(sql, { room: room.id, account: actor.id, readSeq: room.readSeq })
      : null);
  const limit = around === null ? Math.min(max, Math.max(min, room.unread + 10)) : min;
  const query = around === null ? { limit } : { around, limit };
  const page = await readTimeline(sql, actor, room, query);
  return { room: room.id, page: { epoch: app.epoch, ...page } };
}
