import { expect, test } from "bun:test";
import { leastCpuMs } from "../../tests/support/cpu-time.ts";
import { DoubledMember, parseJson } from "./json.ts";

test("[B13] a doubled member is refused at any depth, also if it is written another way", () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '[1,{"a":[{"x":"},{","x":0}]}]',
    '{"a":1,"\\u0061":2}',
    '{ "__proto__" : 1 , "__proto__" : 2 }',
    '{"":1,"":2}',
    '{"a\\"b":1,"a\\"b":2}',
  ])
    expect(() => parseJson(text), text).toThrow(DoubledMember);
});

test("[B13] everything else is read as JSON.parse reads it", () => {
  for (const text of [
    '{"a":{"a":{"a":[]}},"b":["a","a"],"c":"a"}',
    '["a","a",{"x":"a,\\"a\\":"},{"x":1}]',
    '"{\\"a\\":1,\\"a\\":2}"',
    "[[],[{}],{},-1.5e3,null,true]",
    '{"a":"\\\\","b":"\\\\\\""}',
    "12",
  ])
    expect(parseJson(text)).toEqual(JSON.parse(text));
  for (const text of ["", "{", '{"a":1,}', "[1 2]", "{'a':1}"])
    expect(() => parseJson(text)).toThrow(SyntaxError);
});

test("[B13] is linear in what is sent", () => {
  // 64 kB, as much as a frame holds: many members, many brackets, one long text of quotes.
  const long = [
    `{${Array.from({ length: 5000 }, (_, index) => `"${index}":1`).join(",")}}`,
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    JSON.stringify('"\\'.repeat(16_000)),
  ];
  for (const text of long) {
    const rounds = (work: () => unknown) => () => {
      for (let round = 0; round < 5; round++) work();
    };
    parseJson(text);
    const nativeMs = Math.max(1, leastCpuMs(rounds(() => JSON.parse(text))));
    // A quadratic reader would take hundreds of times as long.
    const oursMs = leastCpuMs(
      rounds(() => parseJson(text)),
      { enoughMs: 100 * nativeMs },
    );
    expect(oursMs / nativeMs).toBeLessThan(100);
  }
});
