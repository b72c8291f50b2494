import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const dist = resolve(import.meta.dir, "../../web/dist");
const assets = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8")) as Record<
  "chat" | "signIn",
  { script: string; style: string; preload: string[] }
>;
const kB = (path: string) => statSync(join(dist, `${path}.br`)).size / 1000;

// Brotli size of everything that a page's first load needs.
describe("page weight", () => {
  test("the chat has at most 50 kB of script and 12 kB of style", () => {
    const { script, preload } = assets.chat;
    expect([script, ...preload].reduce((sum, path) => sum + kB(path), 0)).toBeLessThan(50);
    expect(kB(assets.chat.style)).toBeLessThan(12);
  });

  test("each part loaded on demand has at most 45 kB", () => {
    const first = [assets.chat.script, ...assets.chat.preload];
    for (const name of readdirSync(join(dist, "assets")))
      if (name.endsWith(".js") && !first.includes(`/assets/${name}`))
        expect(kB(`/assets/${name}`), name).toBeLessThan(45);
  });

  test("the sign-in pages have at most 6 kB of script and 10 kB of style", () => {
    expect(kB(assets.signIn.script)).toBeLessThan(6);
    expect(kB(assets.signIn.style)).toBeLessThan(10);
  });

  test("the client contains no HTML strings and no code built from text", () => {
    for (const name of readdirSync(join(dist, "assets")).filter((file) => file.endsWith(".js"))) {
      const script = readFileSync(join(dist, "assets", name), "utf8");
      for (const pattern of [/insertAdjacentHTML/, /document\.write/, /new Function\(/, /\beval\(/])
        expect(script, name).not.toMatch(pattern);
    }
  });
});
