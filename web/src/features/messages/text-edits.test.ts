import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toggleMarks, togglePrefix } from "./formatting-edits.ts";
import { completeToken, type FieldText, insertWords, type TextEdit } from "./text-edits.ts";

/** Reads a drawn field: `[` and `]` are around the selection, `|` is the caret. */
function field(drawn: string): FieldText {
  const start = drawn.search(/[[|]/);
  const end = drawn.includes("|") ? start : drawn.indexOf("]") - 1;
  return { text: drawn.replace(/[[\]|]/g, ""), start, end };
}

function draw({ text, start, end }: FieldText): string {
  const words = text.slice(start, end);
  return `${text.slice(0, start)}${words === "" ? "|" : `[${words}]`}${text.slice(end)}`;
}

const bold = (edited: FieldText) => toggleMarks(edited, "**");
const italic = (edited: FieldText) => toggleMarks(edited, "_");
const codeBlock = (edited: FieldText) => toggleMarks(edited, "\n```\n");
const link = (edited: FieldText) => toggleMarks(edited, "[", "](https://)");
const quote = (edited: FieldText) => togglePrefix(edited, "> ");
const list = (edited: FieldText) => togglePrefix(edited, "- ");

function expectEdits(
  edit: (edited: FieldText) => TextEdit,
  pairs: readonly [before: string, after: string][],
) {
  for (const [before, after] of pairs) expect(draw(edit(field(before))), before).toBe(after);
}

const piece = fc.constantFrom("a", "word", " ", "\n", "é", "😀", "👩‍👩‍👧", "**", "_", "> ", "- ");
const pieces = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
const plainPieces = pieces.map((text) => text.replace(/[*_>]/g, ""));
const around = (before: fc.Arbitrary<string>, words: fc.Arbitrary<string>, after: fc.Arbitrary<string>) =>
  fc.tuple(before, words, after).map(
    ([left, middle, right]): FieldText => ({
      text: left + middle + right,
      start: left.length,
      end: left.length + middle.length,
    }),
  );
const anyField = around(pieces, pieces, pieces);
const anyEdit = fc.constantFrom<(edited: FieldText) => TextEdit>(
  bold,
  italic,
  codeBlock,
  link,
  quote,
  list,
  (edited) => insertWords(edited, "🎉"),
);

describe("marks", () => {
  test("go around the selection, which stays selected, and away again", () => {
    expectEdits(bold, [
      ["say [hello] now", "say **[hello]** now"],
      ["say **[hello]** now", "say [hello] now"],
      ["[😀]", "**[😀]**"],
      ["one [two\nthree] four", "one **[two\nthree]** four"],
      ["the [end]", "the **[end]**"],
    ]);
    expectEdits(codeBlock, [
      ["so:[  let a;]", "so:\n```\n[  let a;]\n```\n"],
      ["so:\n```\n[  let a;]\n```\n", "so:[  let a;]"],
    ]);
    expect(link({ text: "see docs", start: 4, end: 8 })).toMatchObject({
      text: "see [docs](https://)",
      start: 5,
      end: 9,
    });
    expect(link({ text: "see [docs](https://)", start: 5, end: 9 })).toMatchObject({ text: "see docs" });
  });

  test("are taken away where they were selected with the words, but only if they are one pair", () => {
    expectEdits(bold, [
      ["say [**hello**] now", "say [hello] now"],
      ["[**a** and **b**]", "**[**a** and **b**]**"],
      ["[****]", "**[****]**"],
    ]);
    expect(link({ text: "[docs](https://)", start: 0, end: 16 })).toMatchObject({ text: "docs" });
  });

  test("leave the space outside that a double click selects, or they would mark nothing", () => {
    expectEdits(bold, [
      ["say [hello ]now", "say **[hello]** now"],
      ["say[ hello]", "say **[hello]**"],
      ["say [  ]now", "say **[  ]**now"],
    ]);
  });

  test("stand around the caret; there they go away, and behind what is marked one goes on without them", () => {
    expectEdits(bold, [
      ["|", "**|**"],
      ["**|**", "|"],
      ["end |", "end **|**"],
      ["😀|", "😀**|**"],
      ["**hello|** now", "**hello**| now"],
      ["**hello |**", "**hello **|"],
      ["un**believ|**", "un**believ**|"],
    ]);
    expectEdits(italic, [
      ["snake_case _so|_", "snake_case _so_|"],
      ["un_believ|_", "un_believ_|"],
    ]);
    expect(link({ text: "[docs](https://)", start: 5, end: 5 })).toMatchObject({ start: 16, end: 16 });
  });

  test("that open the next words are not taken for the end of the last", () => {
    expectEdits(bold, [["**a** |**b**", "**a** **|****b**"]]);
    expect(link({ text: "[a](https://) ](https://)", start: 14, end: 14 })).toMatchObject({ start: 15 });
  });

  test("switched on and off again leave the text and the selection as they were", () => {
    fc.assert(
      fc.property(around(plainPieces, plainPieces, plainPieces), (edited) => {
        const once = bold(edited);
        const twice = bold(once);
        expect(twice.text).toBe(edited.text);
        expect(twice.text.slice(twice.start, twice.end)).toBe(once.text.slice(once.start, once.end));
        expect(bold(twice)).toMatchObject({ text: once.text, start: once.start, end: once.end });
      }),
    );
  });
});

describe("prefixes", () => {
  test("begin the line of the caret, or every line of the selection, and go away again", () => {
    expectEdits(quote, [
      ["|", "> |"],
      ["one\ntw|o\nthree", "one\n> tw|o\nthree"],
      ["one\n> tw|o\nthree", "one\ntw|o\nthree"],
      ["o[ne\nt]wo\nthree", "[> one\n> two]\nthree"],
      ["[> one\n> two]\nthree", "[one\ntwo]\nthree"],
      ["[> one\ntwo]", "[> > one\n> two]"],
      ["👩‍👩‍👧 [😀]", "> 👩‍👩‍👧 😀|"],
      ["one\n|", "one\n> |"],
    ]);
  });

  test("at the very beginning are in the first line, though it be empty", () => {
    expectEdits(list, [
      ["|\ntwo", "- |\ntwo"],
      ["- |\ntwo", "|\ntwo"],
    ]);
  });

  test("are known also where the caret stands before or inside them", () => {
    expectEdits(list, [
      ["|- one", "|one"],
      ["one\n-| two", "one\n|two"],
      ["[- one\n-] two", "[one\ntwo]"],
    ]);
  });

  test("leave out a line at whose beginning the selection ends", () => {
    expectEdits(quote, [
      ["[one\n]two", "> one|\ntwo"],
      ["[> one\n]two", "one|\ntwo"],
      ["[one\ntwo\n]three", "[> one\n> two]\nthree"],
    ]);
  });

  test("switched on and off again leave the text as it was", () => {
    fc.assert(
      fc.property(around(plainPieces, plainPieces, plainPieces), (edited) => {
        const once = quote(edited);
        expect(once.text).toContain("> ");
        expect(quote(once).text).toBe(edited.text);
      }),
    );
  });
});

describe("words put in", () => {
  test("stand in the place of the selection, with the caret behind them", () => {
    expectEdits(
      (edited) => insertWords(edited, "🎉"),
      [
        ["|", "🎉|"],
        ["hi |there", "hi 🎉|there"],
        ["hi [there]", "hi 🎉|"],
        ["😀|😀", "😀🎉|😀"],
        ["[one\ntwo]\n", "🎉|\n"],
      ],
    );
  });

  test("complete what was typed of them, with one space after it", () => {
    expect(draw(completeToken(field("hi @bo|"), 3, "@bob"))).toBe("hi @bob |");
    expect(draw(completeToken(field("hi @bo|\nyou"), 3, "@bob"))).toBe("hi @bob |\nyou");
    expect(draw(completeToken(field("😀 :sm|, yes"), 3, "😄"))).toBe("😀 😄 |, yes");
    expect(draw(completeToken(field("hi @bo| you"), 3, "@bob"))).toBe("hi @bob |you");
  });
});

describe("every edit", () => {
  test("is the one replacement that it names, and touches nothing else", () => {
    fc.assert(
      fc.property(anyField, anyEdit, (edited, edit) => {
        const { text, start, end, replaced } = edit(edited);
        const { from, to, words } = replaced;
        expect(text).toBe(edited.text.slice(0, from) + words + edited.text.slice(to));
        expect(0 <= start && start <= end && end <= text.length).toBe(true);
      }),
    );
  });

  test("never cuts an emoji in two", () => {
    fc.assert(
      fc.property(anyField, anyEdit, (edited, edit) => {
        const { text, start, end } = edit(edited);
        for (const part of [text.slice(0, start), text.slice(start, end), text.slice(end)])
          expect(part.isWellFormed()).toBe(true);
      }),
    );
  });

  test("keeps what stands outside the selection and what is selected", () => {
    fc.assert(
      fc.property(around(plainPieces, plainPieces, plainPieces), (edited) => {
        const after = bold(edited);
        const before = edited.text.slice(0, edited.start);
        expect(after.text).toStartWith(before);
        expect(after.text).toEndWith(edited.text.slice(edited.end));
        expect(after.text.replaceAll("*", "")).toBe(edited.text);
        const inserted = insertWords(edited, "@bob");
        expect(inserted.text).toBe(`${before}@bob${edited.text.slice(edited.end)}`);
        expect(inserted.start).toBe(before.length + 4);
      }),
    );
  });
});
