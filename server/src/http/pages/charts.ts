import { html } from "hono/html";
import type { FigurePoint } from "../../status/queries.ts";
import type { Markup } from "./layout.ts";

const width = 320;
const height = 72;

export type Chart = {
  title: string;
  /** The newest value, in words. */
  latest: string;
  /** The largest value, in words. */
  most: string;
  points: readonly FigurePoint[];
  since: number;
  until: number;
  stepMs: number;
};

/**
 * Draws a figure over time: an area from 0 to the largest value. Its title and values are text beside it, so nothing has to be read
 * out of the picture. A gap in the points is a gap in the picture.
 */
export function chart({ title, latest, most, points, since, until, stepMs }: Chart): Markup {
  const top = Math.max(...points.map(({ value }) => value), 0) || 1;
  const x = (at: number) => (((at - since) / (until - since)) * width).toFixed(1);
  const y = (value: number) => (height - 2 - (Math.max(0, value) / top) * (height - 6)).toFixed(1);
  const runs: FigurePoint[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run && point.at - run.at(-1)!.at <= stepMs * 1.5) run.push(point);
    else runs.push([point]);
  }
  const area = runs
    .map((run) => {
      const line = run.map(({ at, value }) => `${x(at)} ${y(value)}`).join("L");
      return `M${x(run[0]!.at)} ${height}L${line}L${x(run.at(-1)!.at + stepMs)} ${y(run.at(-1)!.value)}V${height}z`;
    })
    .join("");
  return html`<figure class="chart"><figcaption><span>${title}</span> <b>${latest}</b> <small>${most}</small></figcaption><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true"><path d="${area}"/></svg></figure>`;
}
