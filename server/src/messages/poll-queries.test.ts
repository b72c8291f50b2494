import { expect, test } from "bun:test";
import { pollVotersMax } from "@novax/protocol/limits";
import { choosePolls } from "./poll-queries.ts";

const poll = (seq: number, isAnonymous = false) => ({ seq, choices: 10, isAnonymous, isClosed: false });

test("[H2] who voted is read of polls with few votes, and of a bounded number of them", () => {
  const totals = new Map([
    [1, 3],
    [2, pollVotersMax],
    [3, pollVotersMax + 1],
    [4, 5],
  ]);
  expect(choosePolls([poll(1), poll(2), poll(3), poll(4, true), poll(5)], totals)).toEqual([1, 2, 5]);
  const many = Array.from({ length: 200 }, (_, seq) => poll(seq));
  const full = new Map(many.map(({ seq }) => [seq, pollVotersMax]));
  expect(choosePolls(many, full).length * pollVotersMax).toBeLessThanOrEqual(2000);
});
