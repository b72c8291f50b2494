import { describe, expect, test } from "bun:test";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { SearchHit } from "@novax/protocol/reads";
import { ReadRefused } from "../client/api.ts";
import { SearchStore } from "./search-store.ts";

type Answer = { hits: readonly SearchHit[]; next: string | null; indexed: number | null };

/** Lets what was answered arrive. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A search of which the test answers each question when it likes. */
function open() {
  const asked: { q: string; after?: string; room?: RoomId }[] = [];
  const answers: ((answer: Answer | Error) => void)[] = [];
  const api = {
    read: (type: string, input: { q: string }) => {
      if (type !== "search.messages") return Promise.resolve({ people: [] });
      asked.push(input);
      return new Promise((resolve, reject) => {
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      });
    },
  };
  const you = { id: "a" as AccountId, username: "alice" };
  const search = new SearchStore({ api, you } as unknown as ConstructorParameters<typeof SearchStore>[0]);
  const answer = async (words: string, next: string | null = null, count = 1) => {
    const hits = Array.from({ length: count }, () => ({ excerpt: words }) as SearchHit);
    answers.at(-1)!({ hits, next, indexed: null });
    await turn();
  };
  const refuse = async (error: Error) => {
    answers.at(-1)!(error);
    await turn();
  };
  const shown = () => {
    const state = search.answer.peek();
    return state.kind === "found" ? state.hits.map(({ excerpt }) => excerpt) : state.kind;
  };
  return { search, asked, answer, refuse, shown };
}

describe("what is typed into the search", () => {
  test("is asked at once, and while an answer is on its way only the newest words after it", async () => {
    const { search, asked, answer, shown } = open();
    for (const words of ["d", "de", "dep", "depl"]) search.setWords(words);
    expect(asked.map(({ q }) => q)).toEqual(["d"]);
    await answer("d");
    expect(shown()).toEqual(["d"]);
    expect(search.isAsking.peek()).toBe(true);
    expect(asked.map(({ q }) => q)).toEqual(["d", "depl"]);
    await answer("depl");
    expect(shown()).toEqual(["depl"]);
    expect(search.isAsking.peek()).toBe(false);
  });

  test("is forgotten when the field is emptied, also an answer that comes later", async () => {
    const { search, answer, shown } = open();
    search.setWords("deploy");
    search.setWords("");
    await answer("deploy");
    expect(shown()).toBe("none");
    expect(search.isAsking.peek()).toBe(false);
  });

  test("is asked again in another room or order", async () => {
    const { search, asked, answer } = open();
    search.setWords("deploy");
    await answer("deploy");
    search.setRoom("general" as RoomId);
    await answer("deploy");
    search.setOrder("relevant");
    expect(asked).toMatchObject([{}, { room: "general" }, { room: "general", order: "relevant" }]);
  });

  test("a next page goes behind the first, unless something else was typed meanwhile", async () => {
    const { search, asked, answer, refuse, shown } = open();
    search.setWords("deploy");
    const full = Array.from({ length: 10 }, () => "one");
    await answer("one", "cursor", full.length);
    void search.loadMore();
    expect(asked.at(-1)).toMatchObject({ q: "deploy", after: "cursor" });
    await answer("two", "cursor2");
    expect(shown()).toEqual([...full, "two"]);
    const failed = search.loadMore();
    await refuse(new Error("no line"));
    expect(await failed).toBe(false);
    expect(shown()).toEqual([...full, "two"]);
    void search.loadMore();
    const late = asked.length;
    search.setWords("other");
    expect(asked.length).toBe(late + 1);
    await answer("other");
    expect(shown()).toEqual(["other"]);
  });

  test("a page that leaves room is shown at once, and filled by itself", async () => {
    const { search, asked, answer, shown } = open();
    search.setWords("deploy");
    await answer("word", "cursor");
    expect(shown()).toEqual(["word"]);
    expect(asked.at(-1)).toMatchObject({ q: "deploy", after: "cursor" });
    await answer("inside");
    expect(shown()).toEqual(["word", "inside"]);
    expect(asked).toHaveLength(2);
  });

  test("what can't be meant is said; a server that asks to wait is asked again", async () => {
    const { search, asked, answer, refuse, shown } = open();
    search.setWords("has:banana");
    await refuse(new ReadRefused("has: needs a link", null));
    expect(search.answer.peek()).toEqual({ kind: "refused", detail: "has: needs a link" });
    search.setWords("has:link");
    await refuse(new ReadRefused("too fast", 20));
    expect(asked).toHaveLength(2);
    while (asked.length < 3) await turn();
    await answer("found");
    expect(shown()).toEqual(["found"]);
    search.setWords("nowhere");
    await refuse(new Error("no line"));
    expect(shown()).toBe("offline");
  });
});
