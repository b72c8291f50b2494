import { html } from "hono/html";
import encodeQr from "qr";
import type { Markup, PageContext } from "./layout.ts";

/** The link back to the account overview. */
export function toAccount({ t }: PageContext): { href: string; label: string } {
  return { href: "/account", label: t.parts.yourAccount };
}

export function time(at: number): Markup {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** A QR code as an SVG path of squares of 1, in a box of `size`. */
export function qrPath(text: string): { size: number; path: string } {
  const rows = encodeQr(text, "raw", { ecc: "medium", border: 3 });
  const path = rows
    .flatMap((cells, y) => cells.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join("");
  return { size: rows.length, path };
}

/** A QR code as plain SVG. */
export function qrCode(text: string, label: string): Markup {
  const { size, path } = qrPath(text);
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}
