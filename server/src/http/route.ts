import type { z } from "zod";
import type { Actor } from "../auth/sessions.ts";
import type { App } from "./app.ts";
import type { CookieJar } from "./cookies.ts";
import type { PageContext } from "./pages/layout.ts";

/** One request as a route sees it. */
export type Exchange<Body, Query> = {
  app: App;
  request: Request;
  url: URL;
  cookies: CookieJar;
  /** How a page for people looks. */
  context: PageContext;
  /** Whose session came with the request. */
  actor: Actor | null;
  params: Record<string, string>;
  body: Body;
  query: Query;
  origin: { address: string; userAgent: string; isBanned: boolean; isOnThisMachine: boolean };
  /** Whether the body was an HTML form, which is answered with a page instead of JSON. */
  isForm: boolean;
};

/**
 * Who may use a route; everybody else is refused before anything else is looked at.
 * - `session`: a person who is signed in; else `unauthenticated`.
 * - `enrolment`: also a session that has to set up its second factor first.
 * - `admin`: owners and admins; else `forbidden`.
 */
export type Access = "public" | "session" | "enrolment" | "admin";

/**
 * A route as data: the router, the checks before the handler, the OpenAPI document and the tests of outsiders are all
 * made from this one table.
 */
export type Route<Body = unknown, Query = unknown> = RouteFields<Body, Query> & RouteBody<Body>;

export type Method = "OPTIONS" | "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One answer as the document describes it: what it means, and which type its body has, if any. */
export type RouteAnswer = { description: string; type?: string; schema?: z.ZodType };

/** Whether a method changes nothing. */
export function isReading(method: Method): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

type RouteBody<Body> =
  | { body?: z.ZodType<Body> | undefined; bodyBytesMax?: never }
  /**
   * Bytes in any format, for an upload. The handler reads `request.body` itself, which fails with `body_too_large` after
   * `bodyBytesMax`; null leaves counting to the handler. Nothing bounds how long they take, and the session may end
   * meanwhile: both are the handler's to check.
   */
  | { body: "stream"; bodyBytesMax: number | null };

type RouteFields<Body, Query> = {
  method: Method;
  /** With `:name` for a part of the path. */
  path: string;
  summary: string;
  access: Access;
  /** Asks for a proof of who acts that is at most five minutes old; else `reauth_required`. */
  needsRecentProof?: boolean | undefined;
  /** The page to come back to after that proof, if it is not the page that asked for it. */
  returnTo?: string;
  query?: z.ZodType<Query> | undefined;
  /** How long the query can be, if another server makes it; otherwise 2048. */
  queryBytesMax?: number;
  /** The JSON of a 200, for the document; none for pages. */
  result?: z.ZodType | undefined;
  /** By status, for the document, where there is more to say than `result`. */
  answers?: Readonly<Record<number, RouteAnswer>>;
  /** What else it takes than the session and the body, for the document. */
  headers?: readonly { name: string; required?: boolean; description: string; schema: object }[];
  /** The type of a body of bytes, for the document. */
  bodyType?: string;
  /**
   * What it costs of a person's budget, where a message is 1. Without one it costs its session: 0.1 in the API, and 0.5 as a
   * page or a form. Without a session every route costs its address the same, unless this is 0.
   */
  cost?: number;
  /**
   * Reads much, and costs by what it reads: those of one person run one after the other, and not while they are in debt for
   * the ones before.
   */
  takesTurns?: true;
  /** A page for people: kept out of the document. A person who may not see it is redirected to where they can sign in. */
  isPage?: true;
  /**
   * Takes what does not come from one of our pages either, because a mail program sends it: for what needs no session, and can do
   * nothing but what its address allows.
   */
  isFromAnywhere?: true;
  /** Kept out of the document for another reason. */
  isUndocumented?: true;
  /** Answers a form whose body was refused before the handler saw it; without it the refusal is a page of its own. */
  refused?: (exchange: Exchange<unknown, unknown>, refusal: unknown) => Promise<Response>;
  handle: (exchange: Exchange<Body, Query>) => Promise<Response> | Response;
};

/** Ties a route's types together; the table itself no longer knows them. */
export function defineRoute<Body, Query>(route: Route<Body, Query>): Route {
  return route as unknown as Route;
}

export type SignedIn<Body, Query> = Exchange<Body, Query> & { actor: Actor };

/** A route that a session opens; its handler gets the actor for certain. */
export function defineSessionRoute<Body, Query>(
  route: Omit<RouteFields<Body, Query>, "access" | "handle"> &
    RouteBody<Body> & {
      access?: Exclude<Access, "public">;
      handle: (exchange: SignedIn<Body, Query>) => Promise<Response> | Response;
    },
): Route {
  return { access: "session", ...route } as unknown as Route;
}

/** Sends a browser elsewhere. */
export function redirect(path: string, cookies: readonly string[] = []): Response {
  const response = new Response(null, { status: 303, headers: { location: path } });
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
}
