// Which texts of a catalogue are on no page of a set.

type Catalogue = { readonly [key: string]: unknown };

/** The texts of the catalogue that are in none of the lines, each as "path: text". */
export function unseenTexts(catalogue: Catalogue, lines: ReadonlySet<string>): string[] {
  const all = [...lines].join("\n");
  return leavesOf(catalogue).flatMap(([path, text]) =>
    toPattern(text).test(all) ? [] : [`${path}: ${text.replaceAll(hole, "…")}`],
  );
}

/** Stands where a text takes a value. */
const hole = "\u0001";

function leavesOf(node: unknown, path = ""): [path: string, text: string][] {
  if (typeof node === "string") return node === "" ? [] : [[path, node]];
  if (typeof node === "function") return [[path, withHoles(node as TextWithValues)]];
  return Object.entries(node as object).flatMap(([key, value]) =>
    leavesOf(value, path === "" ? key : `${path}.${key}`),
  );
}

type TextWithValues = (...values: unknown[]) => string;

/** A text with a hole for each of its values. It takes words or numbers, and a few take a list of names first. */
function withHoles(text: TextWithValues): string {
  try {
    const plain = text(...Array.from({ length: text.length }, () => hole));
    if (!/NaN|undefined/.test(plain)) return plain;
  } catch {
    // It takes a list first.
  }
  try {
    return text([hole, hole], 0).replace(/\d+/g, hole);
  } catch {
    // It takes numbers.
  }
  return text(...Array.from({ length: text.length }, () => 7)).replace(/\d+/g, hole);
}

function toPattern(text: string): RegExp {
  const parts = text.split(hole).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // Short words are parts of others.
  const edge = "(^|[\\s(“„·,])";
  return new RegExp(`${edge}${parts.join(".+")}`, "mi");
}
