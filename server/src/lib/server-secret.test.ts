import { expect, test } from "bun:test";
import { createServerSecret } from "./server-secret.ts";

const ours = createServerSecret(new Uint8Array(32).fill(1));
const theirs = createServerSecret(new Uint8Array(32).fill(2));

test("[A20] a sealed value opens only with this secret, in its own context", () => {
  const sealed = ours.seal("a seed", "totp:alice");
  expect(ours.open(sealed, "totp:alice")).toBe("a seed");
  expect(ours.open(sealed, "totp:bob")).toBeNull();
  expect(theirs.open(sealed, "totp:alice")).toBeNull();
  for (let index = 0; index < sealed.length; index++) {
    const forged = Buffer.from(sealed);
    forged[index]! ^= 1;
    expect(ours.open(forged, "totp:alice")).toBeNull();
  }
  expect(ours.open(new Uint8Array(5), "totp:alice")).toBeNull();
  expect(ours.seal("a seed", "totp:alice")).not.toEqual(sealed);
});

test("[A20] the MAC of a short code needs the secret", () => {
  expect(ours.mac("123456", "verify")).toEqual(ours.mac("123456", "verify"));
  expect(ours.mac("123456", "verify")).not.toEqual(theirs.mac("123456", "verify"));
  expect(ours.mac("123456", "verify")).not.toEqual(ours.mac("123456", "recovery"));
});
