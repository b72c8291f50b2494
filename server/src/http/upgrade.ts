import { chooseLanguage } from "@novax/protocol/language";
import type { Server } from "bun";
import { usernameKey } from "../accounts/username.ts";
import { addressBanned } from "../auth/finish-sign-in.ts";
import { clientAddress } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ConnectionProtocol, SocketData } from "../realtime/connection.ts";
import type { App } from "./app.ts";
import { readCookies } from "./cookies.ts";
import { assertSocketOrigin } from "./origin-check.ts";
import { problemResponse, toProblem } from "./problem.ts";

const path = /^\/ws\/([^/]{1,200})$/;

export function isSocketRequest(url: URL): boolean {
  return path.test(url.pathname);
}

/**
 * Opens `/ws/{user_id}`, or returns a refusal: the Origin is not allowed, there is no session, or `user_id` is not the
 * session's username. All of it before the upgrade, because Bun would answer 101 to anybody.
 */
export async function upgradeSocket(
  app: App,
  request: Request,
  url: URL,
  server: Server<SocketData>,
): Promise<Response | undefined> {
  const cookies = readCookies(request.headers.get("cookie"), app.config.isSecure);
  const language = cookies.language ?? chooseLanguage(request.headers.get("accept-language"));
  try {
    // RFC 6455, 4.2.1. `Connection` is a list.
    const connection = (request.headers.get("connection") ?? "").toLowerCase().split(",");
    if (
      request.headers.get("upgrade")?.toLowerCase() !== "websocket" ||
      !connection.some((option) => option.trim() === "upgrade")
    ) {
      noteNoUpgrade(app);
      throw new Refusal(
        "malformed",
        "This address only speaks WebSocket. A proxy in between has to pass on the headers Upgrade and Connection.",
      );
    }
    // A trusted TLS proxy reports that the client connected without TLS (ASVS 4.4.1).
    const peer = server.requestIP(request)?.address ?? "";
    if (
      app.config.isSecure &&
      app.config.isTrustedProxy(peer) &&
      request.headers.get("x-forwarded-proto") === "http"
    ) {
      throw new Refusal("origin_refused", "Use wss://.");
    }
    assertSocketOrigin(request.headers, app);
    const { sessionToken } = cookies;
    const actor = sessionToken === null ? null : await app.socketActors.get(sessionToken);
    if (!actor) throw new Refusal("unauthenticated", (t) => t.signInFirst);
    const address = clientAddress(peer, request.headers.get("x-forwarded-for"), app.config.isTrustedProxy);
    if (app.addressBans.has(address) && actor.serverRole !== "owner") throw addressBanned();
    if (usernameKey(decodeUserId(url)) !== usernameKey(actor.username)) {
      throw new Refusal("forbidden", "This isn't the address of your own connection.");
    }
    const protocol = chooseProtocol(request.headers.get("sec-websocket-protocol"));
    const headers = protocol === "novax.v1" ? { "sec-websocket-protocol": protocol } : {};
    const data: SocketData = { actor, address, protocol, language, connection: null };
    if (server.upgrade(request, { data, headers })) return undefined;
    throw new Refusal("malformed", "This isn't a valid WebSocket handshake.");
  } catch (error) {
    const { problem, retryInMs } = toProblem(error, app.log, { language, method: "GET", route: "/ws/:user" });
    return problemResponse(problem, retryInMs);
  }
}

const noteEveryMs = 60_000;
let notedAt = Number.NEGATIVE_INFINITY;

/** Tells the operator, who else sees only a chat that never connects. */
function noteNoUpgrade(app: App): void {
  const now = performance.now();
  if (now - notedAt < noteEveryMs) return;
  notedAt = now;
  app.log.warn("socket.no_upgrade", {
    hint: "a request for /ws/ came without the headers of a WebSocket; a proxy has to pass them on, as README shows",
  });
}

function chooseProtocol(offered: string | null): ConnectionProtocol {
  if (offered === null) return "basic";
  if (offered.split(",").some((name) => name.trim() === "novax.v1")) return "novax.v1";
  throw new Refusal("malformed", "Use the subprotocol novax.v1, or none at all.");
}

function decodeUserId(url: URL): string {
  try {
    return decodeURIComponent(path.exec(url.pathname)![1]!);
  } catch {
    throw new Refusal("malformed", "The address isn't valid.");
  }
}
