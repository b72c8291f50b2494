import { asPerson } from "@novax/protocol/person";
import { countUnseenNotices } from "../../accounts/notices.ts";
import { readEventsBefore } from "../../events/read-events.ts";
import { listMembers, listRooms, type MemberRoom } from "../../rooms/memberships.ts";
import { chatPage } from "../pages/chat-page.ts";
import { defineSessionRoute, type Route } from "../route.ts";
import type { PageAssets } from "../serve-web.ts";

const bootstrapEvents = { min: 50, max: 200, beforeUnread: 10 };
const bootstrapMembers = 500;

/** The chat itself. */
export function createChatRoute(assets: PageAssets): Route {
  return defineSessionRoute({
    method: "GET",
    path: "/chat",
    summary: "The chat; signed out, the login page.",
    isPage: true,
    handle: async ({ app, actor, look }) => {
      const rooms = await listRooms(app.db.sql, actor);
      const opened = await Promise.all(
        rooms.map(async (room) => ({
          ...room,
          events: await readEventsBefore(app.db.sql, room.id, room.headSeq + 1, bootstrapSize(room)),
          members: await listMembers(app.db.sql, room.id, bootstrapMembers),
        })),
      );
      return chatPage(
        { assets, theme: look.theme },
        {
          epoch: app.epoch,
          you: asPerson(actor),
          unseenNotices: await countUnseenNotices(app.db.sql, actor.id),
          rooms: opened,
        },
      );
    },
  });
}

/** As many events as it takes to open at the first unread one, within bounds. */
function bootstrapSize({ headSeq, readSeq }: MemberRoom): number {
  const { min, max, beforeUnread } = bootstrapEvents;
  return Math.min(max, Math.max(min, headSeq - readSeq + beforeUnread));
}
