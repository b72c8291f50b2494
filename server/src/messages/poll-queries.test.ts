import { expect, test } from "bun:test";
import type { AccountId } from "@novax/protocol/ids";
import { tally } from "./poll-queries.ts";

const vote = (seq: number, choice: number, account: string) => ({
  seq,
  choice,
  account_id: account as AccountId,
});

test("[H2] the votes of a page of polls are counted in one pass over them", () => {
  const polls = Array.from({ length: 200 }, (_, seq) => ({
    seq,
    choices: 10,
    isAnonymous: seq % 2 === 1,
    isClosed: seq === 0,
  }));
  let reads = 0;
  function* votes() {
    for (let seq = 0; seq < 200; seq++)
      for (let person = 0; person < 20; person++) {
        reads++;
        yield vote(seq, (seq + person) % 10, `person ${person}`);
      }
  }
  const states = tally(polls, votes());
  expect(reads).toBe(200 * 20);
  expect(states.size).toBe(200);
  expect(states.get(0)).toEqual({
    counts: Array(10).fill(2),
    voters: Array.from({ length: 10 }, (_, choice) => [`person ${choice}`, `person ${choice + 10}`]) as never,
    isClosed: true,
  });
  expect(states.get(1)).toEqual({ counts: Array(10).fill(2), voters: null, isClosed: false });
});

test("a vote for a poll or a choice that isn't there counts nowhere", () => {
  const poll = { seq: 1, choices: 2, isAnonymous: false, isClosed: false };
  expect(tally([poll], [vote(2, 0, "a"), vote(1, 7, "a")]).get(1)!.counts).toEqual([0, 0]);
});
