import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";
import { type FormProblem, messagePage } from "./pages/form.ts";
import { toAccount } from "./pages/parts.ts";
import { toProblem } from "./problem.ts";
import { type Access, defineRoute, type Exchange, type Route, redirect, type SignedIn } from "./route.ts";

/** What became of a form that was accepted. */
export type Accepted = {
  /** For a program. */
  result: object;
  /** Where a browser goes. */
  next: string;
  cookies?: readonly string[];
};

/** Any text at all, far longer than any valid value: for what is compared or hashed, and answered in its own way. */
export const anyText = z.string().max(4096);

/** A text that may be stored or looked for; the rules of each field say what is wrong with one. */
export const textField = anyText.refine(
  (text) => !text.includes("\0") && text.isWellFormed(),
  "contains a character that isn't allowed",
);

/** A box that may be ticked: `on` from a form, a truth value from JSON. */
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
  /** What the POST does. */
  summary: string;
  access: A;
  needsRecentProof?: boolean;
  /** What is sent bears the proof under which its page was shown; the domain function says when that is enough. */
  provesItself?: boolean;
  body: z.ZodType<Body>;
  result?: z.ZodType;
  /** Takes JSON or the form. A response of its own stands for itself. */
  submit: (exchange: ExchangeOf<A, Body, unknown>) => Promise<Accepted | Response>;
};

type PageState<Body> = { problem?: FormProblem; body?: Body };

/**
 * A page with a form, and what the form does, under one address: GET shows it, POST takes it, from a form or as JSON. A
 * refused form is shown again with what is wrong with it.
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

/** A button's work: no page of its own. A refusal is a page that says why. */
export function defineAction<A extends Access, Body>(
  spec: FormSpec<A, Body> & {
    /** The page its button stands on. */
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
    const { problem, retryInMs } = toProblem(error, exchange.app.log, exchange.context.language);
    const told = { detail: problem.detail, field: problem.field };
    const shown = await refusedPage(exchange as Exchange<Body, unknown>, told);
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
        // What must be confirmed first is the same for every form, and is seen to where routes are run.
        const isForAll = error instanceof Refusal && error.code === "reauth_required";
        if (!exchange.isForm || isForAll) throw error;
        return refused(exchange, error);
      }
    },
  });
}
