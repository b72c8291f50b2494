import { expect, test } from "bun:test";
import { TokenBucket } from "./token-bucket.ts";

test("a bucket gives out its tokens, then those it regains, and returns how long to wait", () => {
  const bucket = new TokenBucket(2, 4, 0);
  expect([bucket.spend(1, 0), bucket.spend(1, 0)]).toEqual([0, 0]);
  expect(bucket.spend(1, 0)).toBe(250);
  expect(bucket.spend(1, 200)).toBeWithin(49, 52);
  expect(bucket.spend(1, 251)).toBe(0);
});

test("a bucket never holds more than its capacity, and loses nothing when the clock goes back", () => {
  const bucket = new TokenBucket(2, 4, 0);
  expect(bucket.spend(3, 3_600_000)).toBeGreaterThan(0);
  expect(bucket.spend(2, -3_600_000)).toBe(0);
  expect(bucket.spend(1, -3_600_000)).toBe(250);
});
