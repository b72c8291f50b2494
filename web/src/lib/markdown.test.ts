import { describe, expect, test } from "bun:test";
import { messageTextCharsMax } from "@novax/protocol/limits";
import fc from "fast-check";
import { isEmojiOnly, type MarkdownNode, parseMarkdown, safeHref } from "./markdown.ts";

const only = (text: string) => {
  const [block] = parseMarkdown(text);
  return block?.kind === "paragraph" ? block.children : block;
};
const textOf = (nodes: readonly MarkdownNode[]): string =>
  nodes
    .map((node) =>
      "children" in node
        ? textOf(node.children)
        : "text" in node
          ? node.text
          : node.kind === "break"
            ? "\n"
            : "",
    )
    .join("");
const every = (nodes: readonly MarkdownNode[]): MarkdownNode[] =>
  nodes.flatMap((node) => [node, ...("children" in node ? every(node.children) : [])]);

/**
 * The fastest of several runs, in ms. A slow run is repeated, because a busy machine is slow once and a bad algorithm
 * is slow every time.
 */
function fastestMs(work: () => unknown, slowMs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5 && fastest >= slowMs; run++) {
    const startedAt = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - startedAt);
  }
  return fastest;
}

describe("markdown", () => {
  test("knows bold, italic, strike and code", () => {
    expect(only("**b** _i_ ~~s~~ `c`")).toEqual([
      { kind: "strong", children: [{ kind: "text", text: "b" }] },
      { kind: "text", text: " " },
      { kind: "emphasis", children: [{ kind: "text", text: "i" }] },
      { kind: "text", text: " " },
      { kind: "strike", children: [{ kind: "text", text: "s" }] },
      { kind: "text", text: " " },
      { kind: "code", text: "c" },
    ]);
  });

  test("knows code blocks, quotes and lists", () => {
    expect(parseMarkdown("```ts\nlet a = 1;\n```")).toEqual([
      { kind: "codeBlock", text: "let a = 1;", language: "ts" },
    ]);
    expect(parseMarkdown("> said")[0]).toMatchObject({ kind: "quote" });
    expect(parseMarkdown("- a\n- b")[0]).toMatchObject({ kind: "list", isOrdered: false });
    expect(parseMarkdown("3. c\n4. d")[0]).toMatchObject({ kind: "list", isOrdered: true, start: 3 });
  });

  test("a line end is a line end, and addresses become links", () => {
    expect(textOf(parseMarkdown("one\ntwo"))).toBe("one\ntwo");
    expect(
      every(parseMarkdown("see https://example.org/a?b=1.")).find((node) => node.kind === "link"),
    ).toMatchObject({
      href: "https://example.org/a?b=1",
    });
  });

  test("[T14] a link whose text names another host shows where it leads", () => {
    for (const [text, shown] of [
      ["[https://bank.example](https://evil.example/)", "https://bank.example (evil.example)"],
      ["[bank.example/login](https://evil.example/x)", "bank.example/login (evil.example)"],
      ["[www.bank.example](https://bank.example/)", "www.bank.example"],
      ["[https://bank.example/a](https://bank.example/b)", "https://bank.example/a"],
      ["[click here](https://evil.example/)", "click here"],
      ["https://bank.example", "https://bank.example"],
      ["me@bank.example", "me@bank.example"],
    ] as const)
      expect(textOf(parseMarkdown(text)), text).toBe(shown);
  });

  test("[T13] a bare address ends at the punctuation of any script, which is shown behind it", () => {
    for (const mark of ["”", "…", "»", "。", "，", "（", "」", "！"]) {
      const tree = every(parseMarkdown(`https://example.org/a${mark} x`));
      expect(
        tree.find((node) => node.kind === "link"),
        mark,
      ).toMatchObject({ href: "https://example.org/a" });
      expect(textOf(parseMarkdown(`https://example.org/a${mark} x`)), mark).toBe(
        `https://example.org/a${mark} x`,
      );
    }
  });

  test("[X03] a link leads to http, https or mailto, and to nothing else", () => {
    for (const href of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      " javascript:x",
      "data:text/html,x",
      "vbscript:x",
      "file:///etc",
      "//evil",
      "/x",
    ]) {
      expect(safeHref(href), href).toBeNull();
      expect(every(parseMarkdown(`[click](${href})`)).some((node) => node.kind === "link")).toBe(false);
    }
    for (const href of ["http://a.example/", "https://a.example/", "mailto:a@b.example"])
      expect(safeHref(href)).toBe(href);
  });

  test("HTML, tables and images are text, as they were written", () => {
    for (const text of [
      "<img src=x onerror=alert(1)>",
      "a <b>c</b>",
      "<script>x</script>",
      "&amp; &lt;",
      "| a |\n| - |\n| b |",
    ]) {
      expect(textOf(parseMarkdown(text))).toBe(text);
    }
    expect(textOf(parseMarkdown("![alt](https://example.org/x.png)"))).toContain("![alt]");
  });

  test("nothing that was written is lost: every word of a text is in its tree", () => {
    const word = fc.stringMatching(/^[a-z]{3,8}$/);
    const mark = fc.constantFrom(
      "**",
      "_",
      "`",
      "> ",
      "- ",
      "1. ",
      "\n",
      "\n\n",
      "# ",
      "~~",
      "[",
      "](",
      ")",
      "<",
      ">",
      "|",
      "***",
      "```\n",
      "  ",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, mark), { maxLength: 40 }), (parts) => {
        const tree = every(parseMarkdown(parts.join(" ")));
        const shown = `${textOf(tree)} ${tree.map((node) => (node.kind === "link" ? node.href : node.kind === "codeBlock" ? node.language : "")).join(" ")}`;
        for (const part of parts) if (/^[a-z]{3,8}$/.test(part)) expect(shown).toContain(part);
      }),
      { numRuns: 300 },
    );
  });

  test("[A16] no text of a message's length takes long, whatever it is made of", () => {
    const pieces = [
      "[",
      "![",
      "](",
      "*",
      "_",
      "**a",
      "`",
      "``",
      "~",
      "> ",
      "- ",
      "1. ",
      "  ",
      "\t",
      "\\",
      "<",
      "<a ",
      "&",
      "a@",
      "http://",
      "www.",
      "|",
      "\n",
      "#",
      "=",
      "[a](",
      "[a]: ",
      "<!--",
      "*a_",
      "a**",
    ];
    const slowMs = 250;
    const slowest = { ms: 0, text: "" };
    const measure = (text: string) => {
      const ms = fastestMs(() => parseMarkdown(text), slowMs);
      if (ms > slowest.ms) Object.assign(slowest, { ms, text: text.slice(0, 60) });
    };
    measure("warm up **it** is");
    const fill = (piece: string) =>
      piece.repeat(Math.ceil(messageTextCharsMax / piece.length)).slice(0, messageTextCharsMax);
    for (const piece of pieces) measure(fill(piece));
    for (const a of pieces) for (const b of pieces) measure(fill(a + b));
    // [A23] A block that goes on for as long as the text does.
    for (const block of [
      "- ",
      "1. ",
      "* ",
      "-\t",
      "> ",
      "- a\n- b\n",
      "- a|b\n  -|-\n",
      "a|b\n-|-\n",
      "    ",
      "[a]: ",
    ])
      for (const line of [
        "a\n",
        "  a\n",
        "\ta\n",
        "> a\n",
        "  a|b\n",
        "-\n",
        "a\n-\n",
        "a\n=\n",
        "```\n",
        "a\n\n",
      ])
        measure(block + fill(line).slice(block.length));
    expect(slowest.ms, JSON.stringify(slowest.text)).toBeLessThan(slowMs);
  });

  test("lists of a usual length are lists, with all their lines", () => {
    const items = Array.from({ length: 300 }, (_, index) => `- item ${index}\n  and more of it`).join("\n");
    expect(parseMarkdown(items.slice(0, messageTextCharsMax))).toMatchObject([{ kind: "list" }]);
    const long = `- first\n${"  a line\n".repeat(30)}`;
    expect(parseMarkdown(long)).toMatchObject([{ kind: "list" }]);
  });

  test("no message shows as nothing", () => {
    for (const text of ["[1]: https://example.com", "#", "##", ">", "> >", "-", "1.", "***", "```", "\\"]) {
      const tree = every(parseMarkdown(text));
      expect(
        tree.some((node) => node.kind === "rule" || ("text" in node && node.text.trim() !== "")),
        text,
      ).toBe(true);
    }
  });

  test("[A16] deep nesting is shown as it stands", () => {
    for (const text of [
      `${"> ".repeat(500)}x`,
      `${"- ".repeat(500)}x`,
      "[".repeat(1000),
      `${"*".repeat(999)}x`,
    ]) {
      expect(textOf(parseMarkdown(text))).toBe(text);
    }
  });
});

describe("a message of emoji alone", () => {
  test("[A16] no text takes long to tell from one", () => {
    const check = () => {
      for (let emoji = 1; emoji < 8; emoji++) isEmojiOnly(`${`😀${" ".repeat(600)}`.repeat(emoji)}x`);
    };
    expect(fastestMs(check, 50)).toBeLessThan(50);
  });

  test("is one to six of them and nothing else", () => {
    for (const text of ["🎉", "👩‍👩‍👧🏳️‍🌈", "👍🏽 👍🏽", "1️⃣", "🇩🇪🇫🇷", "😀😁😂🤣😃😄"])
      expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ["", "1", "a🎉", "🎉!", "😀😁😂🤣😃😄😅", "#"])
      expect(isEmojiOnly(text), text).toBe(false);
  });
});
