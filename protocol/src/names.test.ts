import { expect, test } from "bun:test";
import { isBlank, isLegibleName, searchForm, tidyName } from "./names.ts";

test("[T15] a text of characters that nobody sees is blank", () => {
  for (const text of [
    "",
    " ",
    "\n\t",
    "\u200b",
    "\u2800",
    "\u3164",
    "\ufe0f",
    "\u00ad \u2060",
    "\u{e0041}",
    "\ufeff",
  ])
    expect(isBlank(text), JSON.stringify(text)).toBe(true);
  for (const text of ["x", "·", "👨‍👩‍👧", "ُ", "\u200bx"]) expect(isBlank(text), text).toBe(false);
});

test("[T15] a name has one form", () => {
  expect(tidyName("Cafe\u0301")).toBe("Café");
  expect(tidyName("  Project\u00a0 1 ")).toBe("Project 1");
});

test("[T16] a name with a pile of marks on a letter isn't legible, the marks of a language are", () => {
  for (const name of [
    `Z${"\u0301".repeat(45)}`,
    `Zoe${"\u0336".repeat(5)}`,
    "a\u202eb",
    "Gen\u200deral",
    "General\ufe0f",
  ])
    expect(isLegibleName(name), JSON.stringify(name)).toBe(false);
  for (const name of ["Nguyễn Thị Ánh", "นํ้า", "שָׁלוֹם", "مُحَمَّد", "👩‍💻 Ada", "❤️", "हिन्दी", "བོད་སྐད", "က္ခြွှေ"])
    expect(isLegibleName(name), name).toBe(true);
});

test("[T32] a name is looked for without accents and marks between its words", () => {
  expect(searchForm("Gaël Müller")).toBe("gael muller");
  expect(searchForm("Jean-Luc d’Arc")).toBe("jean luc d arc");
  expect(searchForm("Großmann, Søren")).toBe("grossmann soren");
});
