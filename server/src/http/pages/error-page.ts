import type { Problem } from "../problem.ts";
import { messagePage } from "./form.ts";
import type { PageContext } from "./layout.ts";

/** A refusal as a page, for browsers. */
export function errorPage(context: PageContext, problem: Problem): Promise<Response> {
  const titles: Record<string, unknown> = context.t.problems;
  const title = String(titles[problem.code] ?? context.t.problems.other);
  const link = { href: "/", label: context.t.problems.toStart };
  return messagePage(context, { title, lead: problem.detail, link, status: problem.status });
}
