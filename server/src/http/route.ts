import type { z } from "zod";
import type { Actor } from "../auth/sessions.ts";
import type { App } from "./app.ts";
import type { CookieJar } from "./cookies.ts";

/** One request as a route sees it. */
export type Exchange<Body, Query> = {
  app: App;
  request: Request;
  url: URL;
  cookies: CookieJar;
  /** Whose session came with the request. */
  actor: Actor | null;
  params: Record<string, string>;
  body: Body;
  query: Query;
  origin: { address: string; userAgent: string; isOnThisMachine: boolean };
  /** Whether the body was an HTML form, which is answered with a page instead of JSON. */
  isForm: boolean;
};

/**
 * A route as data: the router, the checks before the handler, the OpenAPI document and the tests of outsiders are all
 * made from this one table.
 */
export type Route<Body = unknown, Query = unknown> = {
  method: "GET" | "POST";
  /** With `:name` for a part of the path. */
  path: string;
  summary: string;
  /** `session`: without one the answer is 401 `unauthenticated`, before anything else is looked at. */
  access: "public" | "session";
  body?: z.ZodType<Body>;
  query?: z.ZodType<Query>;
  /** The JSON of a 200, for the document; none for pages. */
  answer?: z.ZodType;
  /** Kept out of the document: pages and files for people. */
  isPage?: true;
  handle: (exchange: Exchange<Body, Query>) => Promise<Response> | Response;
};

/** Ties a route's types together; the table itself no longer knows them. */
export function defineRoute<Body, Query>(route: Route<Body, Query>): Route {
  return route as unknown as Route;
}

export type SignedIn<Body, Query> = Exchange<Body, Query> & { actor: Actor };

/** A route that a session opens; its handler gets the actor for certain. */
export function defineSessionRoute<Body, Query>(
  route: Omit<Route<Body, Query>, "access" | "handle"> & {
    handle: (exchange: SignedIn<Body, Query>) => Promise<Response> | Response;
  },
): Route {
  return { ...route, access: "session" } as unknown as Route;
}
