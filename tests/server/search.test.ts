import { beforeAll, expect, test } from "bun:test";
import type { MatchKind } from "@novax/protocol/reads";
import { addFiller, type Corpus, search, sendCorpus, untilIndexed } from "../support/search.ts";
import { searches } from "../support/search-corpus.ts";
import { describeServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "100000" };

describeServer("what people look for", { env }, ({ data, sql, alice, bob, carol }) => {
  let corpus: Corpus;

  beforeAll(async () => {
    corpus = await sendCorpus({ alice, bob, carol });
    // On one of the databases by looking at each message, on the other by the index.
    if (data.kind === "postgres") await addFiller(sql, corpus.rooms.general, carol);
    await untilIndexed(alice);
  }, 60_000);

  for (const { query, finds, inside = [], similar = [] } of searches)
    test(`"${query}" finds ${finds.join(", ") || "nothing"}${inside.length > 0 ? `, and inside of words ${inside.join(", ")}` : ""}${similar.length > 0 ? `, and for what it may mean ${similar.join(", ")}` : ""}`, async () => {
      const { hits, next } = await search(alice, query);
      const keys = (match: MatchKind) => hits.filter((hit) => hit.match === match).map(corpus.keyOf);
      expect({ words: keys("word"), inside: keys("inside"), similar: keys("similar") }).toEqual({
        words: [...finds],
        inside: [...inside],
        similar: [...similar],
      });
      expect(next).toBeNull();
    });

  test("where no message has all words, the rarest decide, also in another form; what is in many messages is not enough", async () => {
    const { office } = corpus.rooms;
    const seq = await alice.say(office, "Pruning the apple trees has to happen before mid March.");
    for (let index = 0; index < 30; index++) await bob.say(office, `shift plan number ${index} is printed`);
    await untilIndexed(alice, [office]);
    const found = async (query: string) =>
      (await search(alice, query)).hits.map((hit) => [hit.seq, hit.match] as const);
    expect((await found("when do we get apples pruned"))[0]).toEqual([seq, "some"]);
    expect(await found("printed pruned")).toEqual([[seq, "some"]]);
    expect(await found("pruned")).toEqual([[seq, "similar"]]);
    // Nothing but the common words is left.
    const plans = await found("shift plan xylophone");
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.every(([, match]) => match === "some")).toBe(true);
  }, 30_000);

  test("[Z07] whether others have a word elsewhere changes nothing in what some of the words find", async () => {
    const { office } = corpus.rooms;
    const { room } = await bob.run("room.create", { kind: "private", name: "Elsewhere", people: [] });
    const before = await search(alice, "shift plan kumquat");
    for (let index = 0; index < 5; index++) await bob.say(room.id, "kumquat");
    await untilIndexed(bob, [room.id, office]);
    expect((await search(alice, "shift plan kumquat")).hits).toEqual(before.hits);
  }, 30_000);
});
