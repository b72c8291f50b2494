// JSON as clients send it.

/** Thrown by {@link parseJson} for an object that names one of its members twice. */
export class DoubledMember extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`the member ${JSON.stringify(key)} appears twice`);
    this.key = key;
  }
}

// What is between them in valid JSON, numbers and literals, doesn't matter here.
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/**
 * Parses JSON as `JSON.parse` does, but refuses an object with a doubled member, at any depth: two readers may each take
 * another one of them (RFC 8259, section 4). In time that grows with the text alone. Throws a SyntaxError or
 * {@link DoubledMember}.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  /** The members seen of each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  let isKeyNext = false;
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (isKeyNext && token !== ",") {
      const members = open.at(-1)!;
      // "\u0061" and "a" are the same member.
      const key = JSON.parse(token) as string;
      if (members!.has(key)) throw new DoubledMember(key);
      members!.add(key);
    }
    isKeyNext = token === "{" || (token === "," && open.at(-1) !== null);
  }
  return value;
}
