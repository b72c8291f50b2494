import { expect, test } from "bun:test";
import { mentionsIn, wordForm, wordsIn } from "./text.ts";

test("@room, @all and @everyone mention everyone, @here those online, @name one person; code and addresses mention no one", () => {
  for (const name of ["room", "all", "Everyone"])
    expect(mentionsIn(`hello @${name}!`), name).toEqual({ names: [], room: true, here: false });
  expect(mentionsIn("@here and @Bob.")).toEqual({ names: ["bob"], room: false, here: true });
  expect(mentionsIn("`@room` or x@all.org, and @allison")).toEqual({
    names: ["allison"],
    room: false,
    here: false,
  });
});

test("[A22] a long run of marks in a name or a word costs as much as any other text of its length", () => {
  // With an expression that looks back, each of these would take minutes.
  const run = "-".repeat(400_000);
  expect(mentionsIn(`@a${run}b`).names).toEqual([`a${run}b`]);
  expect(mentionsIn(`@a${run}`).names).toEqual(["a"]);
  expect([...wordsIn(`a${run}b a${run}`)]).toEqual([`a${run}b`, "a"]);
});

test("[T5] a name ends where the next script begins, and not inside of a word", () => {
  for (const text of [
    "@bobさん",
    "请@bob看一下",
    "@bob님",
    "（@bob）",
    "@bob, hello",
    "@Bob.",
    "@bob_ @bob-",
    "hello\n@bob",
  ])
    expect(mentionsIn(text).names, text).toEqual(["bob"]);
  for (const text of [
    "@bobö",
    "@böb",
    "x@bob",
    "é@bob",
    "б@bob",
    "a/@bob",
    "@bob\u0301",
    "@müller",
    "@@bob",
    "@",
  ])
    expect(mentionsIn(text).names, text).toEqual([]);
});

test("a word is compared as it is written in capitals and in Switzerland too", () => {
  expect(wordForm("Scheiße")).toBe(wordForm("SCHEISSE"));
  expect([...wordsIn("Grüße aus ZÜRICH")]).toEqual(["grüsse", "aus", "zürich"]);
});
