import type { Problem } from "../problem.ts";
import { messagePage } from "./form.ts";
import type { PageLook } from "./layout.ts";

/** A refusal for whoever came with a browser. */
export function errorPage(look: PageLook, problem: Problem): Promise<Response> {
  const titles: Record<string, unknown> = look.t.problems;
  const title = String(titles[problem.code] ?? look.t.problems.other);
  const link = { href: "/", label: look.t.problems.toStart };
  return messagePage(look, { title, lead: problem.detail, link, status: problem.status });
}
