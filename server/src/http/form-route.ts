import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";
import { type FormProblem, messagePage } from "./pages/form.ts";
import { toAccount } from "./pages/parts.ts";
import { toProblem } from "./problem.ts";
import { type Access, defineRoute, type Exchange, type Route, redirect, type SignedIn } from "./route.ts";

/** The outcome of an accepted form. */
export type Accepted = {
  /** The JSON response. */
  result: object;
  /** The page to redirect a browser to. */
  next: string;
  cookies?: readonly string[];
};

/**
 * Any text, of a length well above any valid value: for what is only compared or hashed, and refused with its own
 * code.
 */
export const anyText = z.string().max(4096);

/** Text that may be stored or searched for. Each field's own rules are checked later. */
export const textField = anyText.refine(
  (text) => !text.includes("\0") && text.isWellFormed(),
  "contains a character that isn't allowed",
);

/** A checkbox: `on` from a form, a boolean from JSON. */
export const checkbox = z
  .union([z.boolean(), z.literal("on")])
  .optional()
  .transform((value) => value === true || value === "on");

const acceptedSchema = z.strictObject({ message: z.string() });

type ActorOf<A extends Access> = A extends "public"
  ? Exchange<unknown, unknown>["actor"]
  : SignedIn<unknown, unknown>["actor"];
type ExchangeOf<A extends Access, Body, Query> = Omit<Exchange<Body, Query>, "actor"> & { actor: ActorOf<A> };

type FormSpec<A extends Access, Body> = {
  path: string;
  /** What the POST does, for the API description. */
  summary: string;
  access: A;
  needsRecentProof?: boolean;
  /** The form carries the proof under which its page was shown; the domain function decides whether that is enough. */
  provesItself?: boolean;
  body: z.ZodType<Body>;
  result?: z.ZodType;
  answers?: Route["answers"];
  /** Handles a form or JSON. Return a Response to send it as is. */
  submit: (exchange: ExchangeOf<A, Body, unknown>) => Promise<Accepted | Response>;
};

type PageState<Body> = { problem?: FormProblem; body?: Body };

/**
 * A page and its form under one path: GET shows the page, POST accepts the form, form-encoded or as JSON. A refused
 * form is shown again with the error.
 */
export function defineForm<A extends Access, Body, Query = unknown>(
  spec: FormSpec<A, Body> & {
    query?: z.ZodType<Query>;
    page: (exchange: ExchangeOf<A, unknown, Query>, state: PageState<Body>) => Promise<Response> | Response;
  },
): Route[] {
  type Page = (exchange: Exchange<unknown, unknown>, state: PageState<Body>) => Promise<Response> | Response;
  const page = spec.page as unknown as Page;
  const pageRoute = defineRoute({
    method: "GET",
    path: spec.path,
    summary: `Show the page for: ${spec.summary}`,
    access: spec.access,
    needsRecentProof: spec.needsRecentProof,
    query: spec.query as z.ZodType<unknown> | undefined,
    isPage: true,
    handle: (exchange) => page(exchange, {}),
  });
  return [
    pageRoute,
    submitRoute(spec, (exchange, problem) => page(exchange, { problem, body: exchange.body as Body })),
  ];
}

/** A button without a page of its own. A refusal is shown as a page with the reason. */
export function defineAction<A extends Access, Body>(
  spec: FormSpec<A, Body> & {
    /** The page that the button is on. */
    back?: (exchange: Pick<Exchange<Body, unknown>, "context" | "params">) => { href: string; label: string };
  },
): Route {
  return submitRoute(spec, ({ context, params }, problem) =>
    messagePage(context, {
      title: context.t.problems.other,
      lead: problem.detail,
      link: spec.back?.({ context, params }) ?? toAccount(context),
    }),
  );
}

function submitRoute<A extends Access, Body>(
  spec: FormSpec<A, Body>,
  refusedPage: (exchange: Exchange<Body, unknown>, problem: FormProblem) => Promise<Response> | Response,
): Route {
  const { path, summary, access, body, submit } = spec;
  const refused = async (exchange: Exchange<unknown, unknown>, error: unknown): Promise<Response> => {
    const { problem, retryInMs } = toProblem(error, exchange.app.log, {
      language: exchange.context.language,
      method: "POST",
      route: path,
    });
    const formProblem = { detail: problem.detail, field: problem.field, also: problem.also };
    const shown = await refusedPage(exchange as Exchange<Body, unknown>, formProblem);
    const response = new Response(shown.body, { status: problem.status, headers: shown.headers });
    if (retryInMs !== undefined) response.headers.set("retry-after", String(Math.ceil(retryInMs / 1000)));
    return response;
  };
  return defineRoute<Body, unknown>({
    method: "POST",
    path,
    summary,
    access,
    needsRecentProof: spec.needsRecentProof && !spec.provesItself,
    body,
    result: spec.result ?? acceptedSchema,
    ...(spec.answers ? { answers: spec.answers } : {}),
    refused,
    handle: async (exchange) => {
      try {
        const accepted = await submit(exchange as unknown as ExchangeOf<A, Body, unknown>);
        if (accepted instanceof Response) return accepted;
        if (exchange.isForm) return redirect(accepted.next, accepted.cookies);
        const response = Response.json(accepted.result);
        for (const cookie of accepted.cookies ?? []) response.headers.append("set-cookie", cookie);
        return response;
      } catch (error) {
        // Re-authentication is handled the same for all routes, where they are run.
        const isReauth = error instanceof Refusal && error.code === "reauth_required";
        if (!exchange.isForm || isReauth) throw error;
        return refused(exchange, error);
      }
    },
  });
}
