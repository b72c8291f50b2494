import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leastCpuMs } from "../../../tests/support/cpu-time.ts";
import { ConfigError } from "../config/read-config.ts";
import { loadKnownPasswords } from "./known-passwords.ts";
import { createPasswordHasher } from "./password-hasher.ts";
import { assertMayBePassword, normalisePassword } from "./password-rules.ts";

const rules = { codePointsMin: 8, knownPasswords: loadKnownPasswords(null) };
const alice = { username: "alice.cooper", email: "alice.c@example.org" };

async function refusalOf(text: string): Promise<string | null> {
  try {
    await assertMayBePassword(normalisePassword(text), rules, alice);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a new password", () => {
  test("[P01] has at least 8 code points, however many UTF-16 units those take", async () => {
    expect(await refusalOf("kX9#pw2")).toBe("password_too_short");
    expect(await refusalOf("😀😁😂🤣😃😄😅")).toBe("password_too_short");
    expect(await refusalOf("😀😁😂🤣😃😄😅😆")).toBeNull();
  });

  test("[P02] has at most 128 code points after NFKC", async () => {
    const letters = (count: number) =>
      Array.from({ length: count }, (_, index) => "xkqvzjw"[(index * index) % 7]).join("");
    expect(await refusalOf(letters(128))).toBeNull();
    expect(await refusalOf(letters(129))).toBe("password_too_long");
    expect(await refusalOf("😀".repeat(100) + letters(28))).toBeNull();
    // A single ligature that NFKC turns into three letters.
    expect(await refusalOf(`${letters(126)}ﬃ`)).toBe("password_too_long");
  });

  test("[P02] is the same on every keyboard", () => {
    expect(normalisePassword("Ångström")).toBe(normalisePassword("A\u030angstro\u0308m"));
  });

  test("[P03] needs no digits, symbols or capitals", async () => {
    expect(await refusalOf("mild tea at ten")).toBeNull();
  });

  test("[P04] is not a common one in any case, nor the person's name or the site's", async () => {
    const easy = [
      "password1",
      "PASSWORD1",
      "qwertyuiop",
      "123456789",
      "alice.cooper",
      "Alice.Cooper1!",
      "novax2026!!",
    ];
    for (const text of [...easy, "alice.c@example.org", "novaxnovax"]) {
      expect(await refusalOf(text), text).toBe("password_common");
    }
  });

  test("[P09] with NUL, half a surrogate pair or a megabyte is refused at once", () => {
    const refuseAll = () => {
      for (const text of ["abc\0defgh", "abcdefg\ud800", "a".repeat(1_000_000)])
        expect(() => normalisePassword(text)).toThrow();
    };
    expect(leastCpuMs(refuseAll, { enoughMs: 50 })).toBeLessThan(50);
  });
});

describe("a list of breached passwords", () => {
  const hashes = (passwords: string[]) =>
    passwords
      .map((text) => createHash("sha1").update(text).digest("hex").toUpperCase())
      .sort()
      .map((hash, index) => `${hash}:${index + 1}`);
  const folder = mkdtempSync(join(tmpdir(), "novax-hashes-"));

  test("[P04] finds every password in the file and no other, however many lines it has", async () => {
    for (const count of [1, 2, 3, 10, 1000]) {
      const inside = Array.from({ length: count }, (_, index) => `breached password ${index}`);
      const path = join(folder, `hashes-${count}.txt`);
      writeFileSync(path, `${hashes(inside).join(count % 2 ? "\r\n" : "\n")}\n`);
      const known = loadKnownPasswords(path);
      for (const text of inside) expect(await known.has(text), `${count}: ${text}`).toBe(true);
      for (let index = 0; index < 200; index++)
        expect(await known.has(`fresh password ${index}`)).toBe(false);
    }
  });

  test("[O03] a file in another format is reported at start", () => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "hello\n");
    expect(() => loadKnownPasswords(path)).toThrow(ConfigError);
    expect(() => loadKnownPasswords(join(folder, "missing.txt"))).toThrow(ConfigError);
  });
});

describe("the password hash", async () => {
  const hasher = createPasswordHasher({ cost: async () => 10, workers: 1 });

  test("[P05] characters after the 72nd byte count", async () => {
    const hash = await hasher.hash(`${"a".repeat(72)}b`);
    expect(await hasher.verify(`${"a".repeat(72)}b`, hash)).toBe(true);
    expect(await hasher.verify(`${"a".repeat(72)}c`, hash)).toBe(false);
    expect(await hasher.verify("a".repeat(72), hash)).toBe(false);
  });

  test("[P06] is bcrypt of the configured cost", async () => {
    expect(await hasher.hash("four quiet words")).toMatch(/^\$2[aby]\$10\$/);
  });

  test("[P07] of a lower cost or another algorithm is outdated", async () => {
    expect(hasher.isOutdated(await Bun.password.hash("x", { algorithm: "bcrypt", cost: 6 }))).toBe(true);
    expect(
      hasher.isOutdated(await Bun.password.hash("x", { algorithm: "argon2id", memoryCost: 64, timeCost: 1 })),
    ).toBe(true);
    expect(hasher.isOutdated(await hasher.hash("x"))).toBe(false);
  });

  test("an unknown username's password is never right, and a broken hash opens nothing", async () => {
    expect(await hasher.verify("anything", null)).toBe(false);
    for (const hash of ["", "x", "$2b$10$short", "$2b$10$"])
      expect(await hasher.verify("anything", hash)).toBe(false);
  });
});
