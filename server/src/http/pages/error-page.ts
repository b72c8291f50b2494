import type { Problem } from "../problem.ts";
import { messagePage } from "./form.ts";
import type { PageLook } from "./layout.ts";

/** A refusal for whoever came with a browser. */
export function errorPage(look: PageLook, problem: Problem): Promise<Response> {
  const link = { href: "/", label: "Go to the start" };
  return messagePage(look, { title: problem.title, lead: problem.detail, link, status: problem.status });
}
