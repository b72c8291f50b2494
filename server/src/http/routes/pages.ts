import { hasAnyAccount } from "../../accounts/queries.ts";
import { readEventsBefore } from "../../events/read-events.ts";
import { listMembers, listRooms, type MemberRoom } from "../../rooms/memberships.ts";
import { chatPage } from "../pages/chat-page.ts";
import { loginPage, registerPage } from "../pages/sign-in-pages.ts";
import { defineRoute, type Route } from "../route.ts";
import type { Web } from "../serve-web.ts";

const bootstrapEvents = { min: 50, max: 200, beforeUnread: 10 };
const bootstrapMembers = 500;

/** The pages that a browser opens. */
export function createPageRoutes(assets: Web["assets"]): Route[] {
  const loginPageRoute = defineRoute({
    method: "GET",
    path: "/",
    summary: "The login page; signed in, the chat.",
    access: "public",
    isPage: true,
    handle: async ({ app, actor, cookies }) => {
      if (actor) return redirect("/chat");
      const isFirst = !(await hasAnyAccount(app.db.sql));
      return loginPage({ assets: assets.signIn, theme: cookies.theme }, { isFirst });
    },
  });

  const registerPageRoute = defineRoute({
    method: "GET",
    path: "/register",
    summary: "The registration page.",
    access: "public",
    isPage: true,
    handle: async ({ app, actor, origin, cookies }) => {
      if (actor) return redirect("/chat");
      const isFirst = !(await hasAnyAccount(app.db.sql));
      return registerPage(
        { assets: assets.signIn, theme: cookies.theme },
        {
          isFirst,
          needsSetupCode: isFirst && !origin.isOnThisMachine,
          passwordCodePointsMin: app.config.passwordCodePointsMin,
        },
      );
    },
  });

  const chatPageRoute = defineRoute({
    method: "GET",
    path: "/chat",
    summary: "The chat; signed out, the login page.",
    access: "public",
    isPage: true,
    handle: async ({ app, actor, cookies }) => {
      if (!actor) return redirect("/");
      const rooms = await listRooms(app.db.sql, actor);
      const opened = await Promise.all(
        rooms.map(async (room) => ({
          ...room,
          events: await readEventsBefore(app.db.sql, room.id, room.headSeq + 1, bootstrapSize(room)),
          members: await listMembers(app.db.sql, room.id, bootstrapMembers),
        })),
      );
      return chatPage(
        { assets: assets.chat, theme: cookies.theme },
        {
          epoch: app.epoch,
          you: { id: actor.id, username: actor.username },
          rooms: opened,
        },
      );
    },
  });

  return [loginPageRoute, registerPageRoute, chatPageRoute];
}

/** As many events as it takes to open at the first unread one, within bounds. */
function bootstrapSize({ headSeq, readSeq }: MemberRoom): number {
  const { min, max, beforeUnread } = bootstrapEvents;
  return Math.min(max, Math.max(min, headSeq - readSeq + beforeUnread));
}

function redirect(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path } });
}
