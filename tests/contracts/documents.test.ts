import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { closeCodes } from "@novax/protocol/close-codes";
import { commandTypes } from "@novax/protocol/commands";
import { withTable } from "../../scripts/security-table.ts";
import { settings } from "../../server/src/config/settings.ts";

const root = resolve(import.meta.dir, "../..");
const read = (name: string) => readFileSync(join(root, name), "utf8");

describe("the documents", () => {
  test("SECURITY.md lists the promises that tests prove (npm run security-table)", () => {
    expect(withTable(read("SECURITY.md"))).toBe(read("SECURITY.md"));
  });

  test("the README has every setting", () => {
    for (const { name } of settings) expect(read("README.md")).toContain(`\`${name}\``);
  });

  test("PROTOCOL.md has every command and every close code", () => {
    for (const name of commandTypes) expect(read("PROTOCOL.md")).toContain(`\`${name}`);
    for (const code of Object.values(closeCodes)) expect(read("PROTOCOL.md")).toContain(`| ${code} |`);
  });

  test("every file that a document links to is there", () => {
    for (const name of ["README.md", "ARCHITECTURE.md", "PROTOCOL.md", "SECURITY.md", "CONTRIBUTING.md"]) {
      for (const [, target = ""] of read(name).matchAll(/\]\(([^)#:]+)\)/g)) {
        expect(existsSync(join(root, target)), `${name}: ${target}`).toBe(true);
      }
    }
  });
});
