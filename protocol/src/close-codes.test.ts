import { expect, test } from "bun:test";
import { closeCodes, mayReconnectAfter } from "./close-codes.ts";

test("[Q12] a client that does not know a close code knows what to do: after 40xx come back, after 45xx do not", () => {
  for (let code = 4000; code < 4100; code += 1) expect(mayReconnectAfter(code)).toBe(true);
  for (let code = 4500; code < 4600; code += 1) expect(mayReconnectAfter(code)).toBe(false);
});

test("every code of ours is in one of the two ranges, or is one of RFC 6455", () => {
  for (const code of Object.values(closeCodes))
    expect(code < 3000 || (code >= 4000 && code < 4100) || (code >= 4500 && code < 4600)).toBe(true);
});

test("a lost line and a restart bring a client back; what it did wrong does not", () => {
  for (const code of [1000, 1001, 1006, closeCodes.restarting, closeCodes.frameTooBig, closeCodes.tooSlow])
    expect(mayReconnectAfter(code)).toBe(true);
  expect(mayReconnectAfter(closeCodes.malformed)).toBe(false);
});
