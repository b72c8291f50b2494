import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { leastCpuMs } from "../../tests/support/cpu-time.ts";
import { messageTextCharsMax } from "./limits.ts";
import { isEmojiOnly, type MarkdownNode, parseMarkdown, safeHref, withoutMarks } from "./markdown.ts";
import { mentionsIn } from "./text.ts";

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

  test("[V8] boxes are tasks, and lines of cells are a table", () => {
    expect(parseMarkdown("- [ ] write\n- [x] **read**\n- [X] sing\n- []no")).toMatchObject([
      {
        kind: "list",
        children: [
          { isDone: false, children: [{ kind: "paragraph", children: [{ text: "write" }] }] },
          { isDone: true, children: [{ kind: "paragraph", children: [{ kind: "strong" }] }] },
          { isDone: true },
          { children: [{ kind: "paragraph", children: [{ text: "[]no" }] }] },
        ],
      },
    ]);
    expect(withoutMarks("- [ ] write\n- [x] read")).toBe("☐ write ☑ read");

    const table = (text: string) => {
      const [node] = parseMarkdown(text);
      return node?.kind === "table"
        ? {
            sides: node.sides,
            rows: node.children.map((row) =>
              ("children" in row ? row.children : []).map((cell) => textOf([cell])),
            ),
          }
        : null;
    };
    expect(table("| Who | When | Cost |\n|:--|:-:|--:|\n| alice | `a\\|b` | 3 |\n| bob |")).toEqual({
      sides: ["start", "center", "end"],
      rows: [["Who", "When", "Cost"], ["alice", "a|b", "3"], ["bob"]],
    });
    expect(table("a | b\n-|-\n1 | 2 | 3")?.rows).toEqual([
      ["a", "b"],
      ["1", "2 | 3"],
    ]);
    // What is said before it and after it is not part of it.
    expect(parseMarkdown("Costs:\na|b\n-|-\n1|2\nthat was all").map(({ kind }) => kind)).toEqual([
      "paragraph",
      "table",
      "paragraph",
    ]);
    // Code, quotes and lists are what they were.
    expect(parseMarkdown("```a|b\n-|-\n```").map(({ kind }) => kind)).toEqual(["codeBlock"]);
    expect(parseMarkdown("> x|y\n-|-")[0]).toMatchObject({ kind: "quote" });
    expect(parseMarkdown("- a | b\n-|-")[0]).toMatchObject({ kind: "list" });
    expect(parseMarkdown("a|b\n-|-\n```sh a|b\n@bob|x\n```").map(({ kind }) => kind)).toEqual([
      "table",
      "codeBlock",
    ]);
    for (const text of ["a | b\nc | d", "| a |\n| - |\n| b |", "a | b\n-|-|-", "yes | no\n---"])
      expect(table(text), text).toBeNull();
  });

  test("HTML, tables of one column and images are text, as they were written", () => {
    for (const text of [
      "<img src=x onerror=alert(1)>",
      "a <b>c</b>",
      "<script>x</script>",
      "&amp; &lt;",
      "| a |\n| - |\n| b |",
      "[1]: https://example.com",
    ]) {
      expect(textOf(parseMarkdown(text))).toBe(text);
    }
    expect(textOf(parseMarkdown("![alt](https://example.org/x.png)"))).toBe("!alt");
  });

  test("[T9] what is no markup can be read as it was typed", () => {
    for (const text of [
      "1+1\n=\n2",
      "hello\n-\nbye",
      "¯\\_(ツ)_/¯",
      "\\\\server\\share\\_new",
      "C:\\me\\.config",
      "2*3*4=24",
      "x_1 * y_2",
      "ls ~/a:~/b",
      "~5 or ~6",
      ">_<",
      "<3",
      "a < b > c",
      "1) first\n2) second",
      "+ 5 points",
      "snake_case_name and kebab-case",
      "__init__.py",
      "_some_name_",
      "---",
      "***\n\n***",
      "# of items",
      "#general",
      "**",
      "a ** b",
      "5 * 3 * 2",
      "*",
      "_",
      "use https:// here",
      "array[0](1)",
      "[x] done",
      "[](https://example.org)",
      "\\",
      "\\*not bold\\*",
      "line\\\nnext",
      "``` ",
    ])
      expect(textOf(parseMarkdown(text)), text).toBe(text);
    expect(parseMarkdown("``` two words\ncode\n```")).toEqual([
      { kind: "codeBlock", text: "two words\ncode", language: "" },
    ]);
    // Numbers are shown as they were typed.
    const lists = (text: string) => parseMarkdown(text).map((node) => node.kind === "list" && node.start);
    expect(lists("1. a\n2. b\n3. c")).toEqual([1]);
    expect(lists("1. a\n1. b\n5. c")).toEqual([1, 1, 5]);
    expect(only("born in\n1986. It was spring")).toHaveLength(3);
  });

  test("[T9] no sign but that of markup goes missing, whatever the text", () => {
    const part = fc.oneof(
      fc.stringMatching(/^[a-z0-9]{1,4}$/),
      fc.constantFrom(
        ..."*_~`[]()<>#|\\-+.!:/@\"'= ".split(""),
        "\n",
        "**",
        "~~",
        "```",
        "> ",
        "- ",
        "1. ",
        "    ",
        "é",
        "请",
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const tree = every(parseMarkdown(text));
        const shown = tree
          .flatMap((node) => [
            node.kind === "mention" ? node.name : "text" in node ? node.text : "",
            node.kind === "link" ? decodeURI(node.href) : "",
            node.kind === "codeBlock" ? node.language : "",
            node.kind === "list" ? node.start : "",
            // A box is drawn for its letter.
            node.kind === "item" && node.isDone ? "xX" : "",
          ])
          .join("");
        const count = (where: string, sign: string) => where.split(sign).length - 1;
        // The signs that draw a table are markup in it.
        const ofTables = tree.some((node) => node.kind === "table") ? /[|:]/g : /(?!)/g;
        for (const sign of new Set(text.replace(/[*_~`>#\s-]|\[|\]|[().@<]/g, "").replace(ofTables, "")))
          expect(count(shown, sign), text).toBeGreaterThanOrEqual(count(text, sign));
      }),
      { numRuns: 2000 },
    );
  });

  test("[T3] [A16] who is drawn as mentioned is who is notified, and nobody in code is", () => {
    for (const text of [
      "/me @bob",
      "_@bob_",
      "__@bob__",
      "***@bob***",
      "~~@bob~~",
      "> @bob",
      "- @bob",
      "[@bob](https://a.example/)",
      "# hey @bob",
    ])
      expect(mentionsIn(text).names, text).toEqual(["bob"]);
    for (const text of [
      "``a @bob``",
      "`a\n@bob`",
      "```\n@bob\n```",
      "~~~\n@bob\n~~~",
      "~~~\n@bob",
      "    @bob",
      "\t@bob",
      "``` @bob",
      "https://example.org/@bob",
      "me@bob.example",
    ])
      expect(mentionsIn(text).names, text).toEqual([]);
    const part = fc.constantFrom(
      "@bob",
      "@Carol",
      "@room",
      "@here",
      "x",
      "é",
      " ",
      "\n",
      "*",
      "_",
      "**",
      "~~",
      "`",
      "``",
      "```",
      "> ",
      "- ",
      "    ",
      "[",
      "](https://a.example)",
      "\\",
      "@",
      "请",
      ".",
      "/",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const drawn = every(parseMarkdown(text)).flatMap((node) =>
          node.kind === "mention" ? [node.name.toLowerCase()] : [],
        );
        const { names, room, here } = mentionsIn(text);
        const acts = [...names, ...(room ? ["room"] : []), ...(here ? ["here"] : [])];
        expect(new Set(drawn)).toEqual(new Set(acts));
      }),
      { numRuns: 1000 },
    );
  });

  test("[T13] addresses with other letters or numbers alone are links, as they were typed", () => {
    for (const [text, href] of [
      ["https://über.example/x", "https://xn--ber-goa.example/x"],
      ["https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"],
      ["http://[::1]:8080/", "http://[::1]:8080/"],
      ["https://en.wikipedia.org/wiki/A_(b)", "https://en.wikipedia.org/wiki/A_(b)"],
      ["www.example.org", "http://www.example.org/"],
      ["请看https://example.org", "https://example.org/"],
    ] as const) {
      const links = every(parseMarkdown(text)).filter((node) => node.kind === "link");
      expect(links, text).toMatchObject([{ href }]);
      expect(textOf(parseMarkdown(text))).toBe(text);
    }
    expect(
      every(parseMarkdown("(https://example.org/a)")).find((node) => node.kind === "link"),
    ).toMatchObject({
      href: "https://example.org/a",
    });
  });

  test("a list ends where something else begins, and what is indented below an item belongs to it", () => {
    expect(parseMarkdown("- a\n  - b\n  c\n- d\ne")).toMatchObject([
      {
        kind: "list",
        children: [
          { kind: "item", children: [{ kind: "paragraph" }, { kind: "list" }, { kind: "paragraph" }] },
          { kind: "item", children: [{ kind: "paragraph" }] },
        ],
      },
      { kind: "paragraph", children: [{ kind: "text", text: "e" }] },
    ]);
    expect(parseMarkdown("1. a\n\n2. b")).toMatchObject([{ kind: "list", children: [{}, {}] }]);
    expect(parseMarkdown("> said\nanswered")).toMatchObject([{ kind: "quote" }, { kind: "paragraph" }]);
    expect(parseMarkdown("1. a\n   ```\n   code\n   ```\n2. b")).toMatchObject([
      {
        kind: "list",
        children: [{ children: [{ kind: "paragraph" }, { kind: "codeBlock", text: "code" }] }, {}],
      },
    ]);
  });

  test("words alone, for where only words fit", () => {
    expect(withoutMarks("**bold** and `code`\n> quoted [here](https://x.org)\n- @bob_ 2*3*4")).toBe(
      "bold and code quoted here @bob_ 2*3*4",
    );
  });

  test("[A16] [A23] no text of a message's length takes long, whatever it is made of", () => {
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
    const slowMs = 50;
    const slowest = { ms: 0, text: "" };
    const measure = (text: string) => {
      const ms = leastCpuMs(() => parseMarkdown(text), { enoughMs: slowMs });
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

  test("[A23] a table has no more cells than were typed", () => {
    const wide = (columns: number) =>
      `|${"a|".repeat(columns)}\n|${"-|".repeat(columns)}\n${"|\n".repeat(1000)}`;
    for (const columns of [2, 20, 21, 498]) {
      const text = wide(columns).slice(0, messageTextCharsMax);
      expect(every(parseMarkdown(text)).length, String(columns)).toBeLessThan(2 * text.length);
      expect(leastCpuMs(() => parseMarkdown(text), { enoughMs: 50 })).toBeLessThan(50);
    }
    const spaces = `a|b\n${" ".repeat(messageTextCharsMax)}x`.slice(0, messageTextCharsMax);
    expect(leastCpuMs(() => parseMarkdown(spaces), { enoughMs: 10 })).toBeLessThan(10);
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

  test("[A16] what is nested too deep is shown as it stands", () => {
    for (const text of ["[".repeat(1000), `${"*".repeat(999)}x`])
      expect(textOf(parseMarkdown(text))).toBe(text);
    for (const mark of ["> ", "- "]) {
      const text = `${mark.repeat(500)}x`;
      const [deepest] = every(parseMarkdown(text)).filter((node) => node.kind === "text");
      expect(deepest).toMatchObject({ text: `${mark.repeat(500 - 12)}x` });
    }
  });
});

describe("a message of emoji alone", () => {
  test("[A16] no text takes long to tell from one", () => {
    const check = () => {
      for (let emoji = 1; emoji < 8; emoji++) isEmojiOnly(`${`😀${" ".repeat(600)}`.repeat(emoji)}x`);
    };
    expect(leastCpuMs(check, { enoughMs: 50 })).toBeLessThan(50);
  });

  test("is one to six of them and nothing else", () => {
    for (const text of ["🎉", "👩‍👩‍👧🏳️‍🌈", "👍🏽 👍🏽", "1️⃣", "🇩🇪🇫🇷", "😀😁😂🤣😃😄"])
      expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ["", "1", "a🎉", "🎉!", "😀😁😂🤣😃😄😅", "#"])
      expect(isEmojiOnly(text), text).toBe(false);
  });
});
