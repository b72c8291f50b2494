import { expect, test } from "bun:test";
import { chooseLanguage, createPlural } from "./language.ts";

test("chooses the supported language that the browser prefers, and English if it names none", () => {
  const chosen = (header: string | null) => chooseLanguage(header);
  expect(chosen("de-AT,de;q=0.9,en;q=0.8")).toBe("de");
  expect(chosen("en-GB,en;q=0.9,de;q=0.8")).toBe("en");
  expect(chosen("fr, de;q=0.5, en;q=0.7")).toBe("en");
  expect(chosen("de;q=0, en;q=0.1")).toBe("en");
  for (const none of [null, "", "*", "fr-CA", "constructor", ";;;q=x,,", "x".repeat(10_000)])
    expect(chosen(none)).toBe("en");
});

test("numbers get the plural form of the language", () => {
  const plural = createPlural("en");
  const forms = { one: "# message", other: "# messages" };
  expect([0, 1, 2].map((count) => plural(count, forms))).toEqual(["0 messages", "1 message", "2 messages"]);
});
