import { describe, expect, test } from "bun:test";
import { leastCpuMs } from "../../../tests/support/cpu-time.ts";
import { mistakesBetween } from "../lib/mistakes-between.ts";
import { parseQuery } from "./parse-query.ts";
import { WordList } from "./word-list.ts";
import { wordsOf } from "./words.ts";

const texts = (text: string) => wordsOf(text).map((word) => word.text);

describe("the words of a text", () => {
  test("are runs of letters and digits, without case, accents and width", () => {
    expect(texts("Hello, SESS.opts (v2)!")).toEqual(["hello", "sess", "opts", "v2"]);
    expect(texts("Müllabfuhr Straße ŒUVRE Łódź Ελλάς")).toEqual([
      "mullabfuhr",
      "strasse",
      "oeuvre",
      "lodz",
      "ελλασ",
    ]);
    expect(texts("ｆｕｌｌ ﬁne İstanbul ё")).toEqual(["full", "fine", "istanbul", "е"]);
    expect(texts("مُحَمَّد שָׁלוֹם")).toEqual(["محمد", "שלום"]);
  });

  test("of scripts without spaces are pairs of signs, and the last sign", () => {
    expect(texts("北京开会")).toEqual(["北京", "京开", "开会", "会"]);
    expect(texts("第3章")).toEqual(["第", "3", "章"]);
    expect(texts("서울")).toEqual(["서울", "울"]);
    expect(texts("서울".normalize("NFD"))).toEqual(["서울", "울"]);
  });

  test("are emoji too, each by itself", () => {
    expect(texts("cake 🎂🎂 🇩🇪")).toEqual(["cake", "🎂", "🎂", "🇩🇪"]);
    // What says how a sign is drawn is part of no word.
    expect(texts("⚠️Achtung 1️⃣Step ❤️ ℹ️Info")).toEqual(["⚠", "achtung", "1", "step", "❤", "i", "info"]);
  });

  test("say where they are, letter by letter where folding keeps the length", () => {
    const text = "Ein Müll-Straße 北京";
    expect(wordsOf(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      "Ein",
      "Müll",
      "Straße",
      "北京",
      "京",
    ]);
  });

  test("take time that grows with the text alone", () => {
    for (const sign of ["a", "ﷺ", "👩‍👩‍👧‍👦", "\u0301", "a\u0301", "北", "\u200d", "1-"]) {
      wordsOf(sign.repeat(1000));
      const [short, long] = [sign.repeat(8000), sign.repeat(64_000)];
      const shortMs = Math.max(
        leastCpuMs(() => wordsOf(short)),
        0.05,
      );
      // Eight times as long; what grows with the square would take 64 times as long.
      const longMs = leastCpuMs(() => wordsOf(long), { enoughMs: 40 * shortMs });
      expect(longMs / shortMs, sign).toBeLessThan(40);
    }
  });
});

describe("a query", () => {
  const parse = (text: string, zone = "UTC") => parseQuery(text, { zone, now: Date.UTC(2026, 10, 29, 12) });
  const terms = (text: string) =>
    parse(text).terms.map(({ words, isOpen }) => `${words.join(" ")}${isOpen ? "…" : ""}`);

  test("is words that may go on, phrases that may not, and what is left out", () => {
    expect(terms('deploy "roll back" sess.opts')).toEqual(["deploy…", "roll back", "sess opts…"]);
    expect(parse("-error").excluded).toEqual([{ words: ["error"], isOpen: false }]);
    expect(() => parse("-from:bob cake")).toThrow("A minus leaves out words, not filters.");
    expect(() => parse(`"${"哈".repeat(150)}"`)).toThrow("at most 20 words");
    expect(terms("NX-1042 e-mail")).toEqual(["nx 1042…", "e mail…"]);
    expect(terms('"not closed')).toEqual(["not closed"]);
    expect(terms('"" - : ()')).toEqual([]);
  });

  test("of signs without spaces finds them in the middle of others", () => {
    expect(terms("会")).toEqual(["会…"]);
    expect(terms("会议")).toEqual(["会议"]);
    expect(terms("开会议")).toEqual(["开会 会议"]);
    expect(terms("第3章")).toEqual(["第 3 章…"]);
  });

  test("has filters, in any case, with names in quotes", () => {
    const query = parse('From:@Bob in:"Design team" has:Links is:pinned IS:saved deploy');
    expect(query).toMatchObject({
      from: ["bob"],
      in: ["Design team"],
      keys: ["link", "pinned"],
      isSaved: true,
    });
    expect(terms("https://example.org/a time:now")).toEqual(["https example org a…", "time now…"]);
  });

  test("counts days in the person's zone, also where the clocks change", () => {
    const range = (text: string, zone: string) => {
      const { since, until } = parse(text, zone);
      return [since, until].map((at) =>
        at < 1e15 && at > 0 ? new Date(at).toISOString() : at === 0 ? "-" : "+",
      );
    };
    expect(range("on:2026-11-29", "UTC")).toEqual(["2026-11-29T00:00:00.000Z", "2026-11-30T00:00:00.000Z"]);
    expect(range("on:today", "Asia/Tokyo")).toEqual(["2026-11-28T15:00:00.000Z", "2026-11-29T15:00:00.000Z"]);
    expect(range("on:yesterday", "America/New_York")).toEqual([
      "2026-11-28T05:00:00.000Z",
      "2026-11-29T05:00:00.000Z",
    ]);
    expect(range("on:2026-03-29", "Europe/Berlin")).toEqual([
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
    expect(range("on:2025-09-07", "America/Santiago")).toEqual([
      "2025-09-07T04:00:00.000Z",
      "2025-09-08T03:00:00.000Z",
    ]);
    expect(range("on:2026-02", "UTC")).toEqual(["2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"]);
    expect(range("after:2025", "UTC")).toEqual(["2026-01-01T00:00:00.000Z", "+"]);
    expect(range("before:2026-11", "UTC")).toEqual(["-", "2026-11-01T00:00:00.000Z"]);
    for (const wrong of ["on:2026-02-30", "on:2026-13", "on:31.11.2026", "before:x"])
      expect(() => parse(wrong)).toThrow("needs a date");
  });
});

describe("the list of words", () => {
  const list = new WordList();
  for (const [word, count] of Object.entries({
    kosten: 3,
    reisekosten: 9,
    kostenlos: 1,
    post: 2,
    receipt: 4,
  }))
    list.add(word, count);

  test("gives those that begin so, or contain it, the most frequent first", () => {
    expect(list.listWith("kosten", false)).toEqual(["kosten", "kostenlos"]);
    expect(list.listWith("kosten", true)).toEqual(["reisekosten", "kosten", "kostenlos"]);
    expect(list.listWith("x", true)).toEqual([]);
    list.add("kostenfrei");
    expect(list.listWith("kosten", false)).toContain("kostenfrei");
    for (let index = 0; index < 10_000; index++) list.add(`filler${index}`);
    expect(list.listWith("kosten", false)).toHaveLength(3);
  });

  test("gives those with a letter too many, missing, wrong or swapped", () => {
    expect(list.listSimilar("reciept", 5)).toEqual(["receipt"]);
    expect(list.listSimilar("pst", 5)).toEqual(["post"]);
    expect(list.listSimilar("xeceipt", 5)).toEqual([]);
    expect(mistakesBetween("accomodation", "accommodation", 2)).toBe(1);
    expect(mistakesBetween("abcdef", "fedcba", 2)).toBe(3);
  });
});
