import { expect, test } from "bun:test";
import { closeCodes, mayReconnectAfter } from "./close-codes.ts";

test("[Q12] a client reconnects after an unknown 40xx close code and not after an unknown 45xx one", () => {
  for (let code = 4000; code < 4100; code += 1) expect(mayReconnectAfter(code)).toBe(true);
  for (let code = 4500; code < 4600; code += 1) expect(mayReconnectAfter(code)).toBe(false);
});

test("every close code is from RFC 6455 or in one of the two ranges", () => {
  for (const code of Object.values(closeCodes))
    expect(code < 3000 || (code >= 4000 && code < 4100) || (code >= 4500 && code < 4600)).toBe(true);
});

test("a client reconnects after a lost connection and a restart, and not after sending malformed frames", () => {
  for (const code of [1000, 1001, 1006, closeCodes.restarting, closeCodes.frameTooBig, closeCodes.tooSlow])
    expect(mayReconnectAfter(code)).toBe(true);
  expect(mayReconnectAfter(closeCodes.malformed)).toBe(false);
});
