import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { closeCodes } from "@novax/protocol/close-codes";
import {
  commandSpecs,
  commandTypes,
  connectionCommandSpecs,
  connectionCommandTypes,
} from "@novax/protocol/commands";
import { roomEventSchema } from "@novax/protocol/events";
import { readPaths } from "@novax/protocol/read-paths";
import { readSpecs, readTypes } from "@novax/protocol/reads";
import { replySchema, serverFrameSchema } from "@novax/protocol/replies";
import type { z } from "zod";
import { withTable } from "../../scripts/security-table.ts";
import { commandTable } from "../../server/src/commands/tables.ts";
import { settings } from "../../server/src/config/settings.ts";

const root = resolve(import.meta.dir, "../..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
const protocol = read("PROTOCOL.md");

/** The members of a shape as the document writes them: `room, seq?`. */
function membersOf(shape: z.ZodRawShape): string {
  return Object.entries(shape)
    .map(([name, schema]) => ((schema as z.ZodType).safeParse(undefined).success ? `${name}?` : name))
    .join(", ");
}

/** How the document writes something with members; without any, its name alone will do. */
function rowOf(name: string, shape: z.ZodRawShape): string {
  return `\`${name} {${membersOf(shape)}}\``;
}

const documents = ["README.md", "ARCHITECTURE.md", "PROTOCOL.md", "SECURITY.md", "CONTRIBUTING.md"];

/** The anchor of a heading, as it is made where the documents are read. */
function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

describe("the documents", () => {
  test("SECURITY.md lists the requirements that tests prove (npm run security-table)", () => {
    expect(withTable(read("SECURITY.md"))).toBe(read("SECURITY.md"));
  });

  test("the README lists every setting", () => {
    for (const { name } of settings) expect(read("README.md")).toContain(`\`${name}\``);
  });

  test("PROTOCOL.md has every command with its members and its cost", () => {
    for (const type of commandTypes) {
      const row = rowOf(type, commandSpecs[type].fields);
      const line = protocol.split("\n").find((candidate) => candidate.includes(row));
      expect(line, row).toContain(`| ${commandTable[type].cost} |`);
    }
    for (const type of connectionCommandTypes)
      expect(protocol).toContain(rowOf(type, connectionCommandSpecs[type].fields));
  });

  test("PROTOCOL.md has every frame and every event with its members", () => {
    const frames = (serverFrameSchema.options as readonly z.ZodType[]).flatMap((schema) =>
      schema === replySchema ? replySchema.options : [schema as (typeof replySchema.options)[number]],
    );
    for (const { shape } of frames) {
      const { type, ...members } = shape;
      expect(protocol).toContain(rowOf(type.value, members));
    }
    for (const { shape } of roomEventSchema.options) {
      const { type, seq: _, at: __, actor: ___, ...members } = shape;
      expect(protocol).toContain(rowOf(type.value, members));
    }
  });

  test("PROTOCOL.md has every read with its query and its address", () => {
    for (const type of readTypes) {
      const query = membersOf(readSpecs[type].query);
      expect(protocol).toContain(
        `| \`${type}${query === "" ? "" : ` {${query}}`}\` | \`${readPaths[type]}\` |`,
      );
    }
  });

  test("PROTOCOL.md has every close code", () => {
    for (const code of Object.values(closeCodes)) expect(protocol).toContain(`| ${code} |`);
  });

  test("a test bears every rule of PROTOCOL.md", () => {
    const rules = [...protocol.matchAll(/^- \*\*(Q\d+)\*\*/gm)].map(([, id]) => id!);
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) expect(read("SECURITY.md"), rule).toContain(`| ${rule} |`);
  });

  test("every file that a document links to exists, and every heading", () => {
    for (const name of documents) {
      for (const [, target = "", anchor = ""] of read(name).matchAll(/\]\(([^)#:]*)(?:#([^)]+))?\)/g)) {
        const path = target === "" ? name : target;
        expect(existsSync(join(root, path)), `${name}: ${target}`).toBe(true);
        if (anchor !== "")
          expect(
            read(path)
              .split("\n")
              .some((line) => /^#+ /.test(line) && anchorOf(line) === anchor),
            `${name}: #${anchor}`,
          ).toBe(true);
      }
    }
  });

  test("[V27] code and documents use the words of CONTRIBUTING.md", () => {
    const former = /\b(?:whoever|oneself|OrderType|orderTable|callsEverybody|OwnRoom)\b/i;
    const folders = ["protocol/src", "server/src", "web/src", "tests", "scripts", "bench"];
    const sources = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(?:ts|tsx|mjs|css)$/.test(name))
        .map((name) => `${folder}/${name}`),
    );
    const guides = documents.filter((name) => name !== "CONTRIBUTING.md");
    for (const path of [...sources, ...guides]) {
      if (path === "tests/contracts/documents.test.ts") continue;
      expect(former.exec(read(path))?.[0] ?? null, path).toBeNull();
    }
  });

  test("every path that the guides name exists", () => {
    for (const name of ["ARCHITECTURE.md", "CONTRIBUTING.md"])
      for (const [, path = ""] of read(name).matchAll(
        /`([\w.-]+(?:\/[\w.-]+)+\.tsx?|[\w.-]+(?:\/[\w.-]+)+)`/g,
      )) {
        if (path.startsWith("docs/decisions/NNNN")) continue;
        const places = ["", "server/src/", "web/src/"].map((folder) => join(root, folder, path));
        expect(
          places.some((place) => existsSync(place)),
          `${name}: ${path}`,
        ).toBe(true);
      }
  });
});
