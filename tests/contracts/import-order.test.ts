import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const serverOrder =
  "texts lib config metrics log outgoing db control operations bus blobs backup mail events jobs audit notices transaction accounts auth presence people rooms files pictures emoji previews messages threads polls scheduled saved inbox search push unread-mail moderation retention account-data admin commands realtime https status http main cli one-file".split(
    " ",
  );

const webOrder = "texts lib client stores storage worker components features pages".split(" ");

type Import = { from: string; to: string; isType: boolean };

function sourcesOf(workspace: string): { path: string; text: string }[] {
  const folder = join(root, workspace, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /(?<!\.test)\.tsx?$/.test(name))
    .map((name) => join(folder, name))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

function importsOf(workspace: string): Import[] {
  return sourcesOf(workspace).flatMap(({ path, text }) => {
    const statements = text.matchAll(/^(import|export)( type)?\b[^;]*? from "([^"]+)"|^import "([^"]+)"/gm);
    const lazy = text.matchAll(/import\("([^"]+)"\)/g);
    const found = [
      ...[...statements].map(([, , type, from, bare]) => ({ to: from ?? bare!, isType: type !== undefined })),
      ...[...lazy].map(([, to]) => ({ to: to!, isType: false })),
    ];
    return found.map(({ to, isType }) => ({
      from: path,
      to: to.startsWith(".") ? relative(root, resolve(root, dirname(path), to)) : to,
      isType,
    }));
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

/** A cycle of files that import each other, or null. */
function findCircle(imports: readonly Import[]): string[] | null {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of targets.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return null;
}

describe("the import order", () => {
  test("the protocol imports only zod and itself", () => {
    for (const { from, to } of importsOf("protocol"))
      expect(to === "zod" || to.startsWith("protocol/"), `${from}: ${to}`).toBe(true);
  });

  test("web and server never import each other", () => {
    for (const { from, to } of importsOf("web"))
      expect(to.startsWith("server/"), `${from}: ${to}`).toBe(false);
    for (const { from, to } of importsOf("server"))
      expect(to.startsWith("web/"), `${from}: ${to}`).toBe(false);
  });

  for (const [workspace, order] of [
    ["server", serverOrder],
    ["web", webOrder],
  ] as const)
    test(`inside ${workspace}, imports only go to the left`, () => {
      const position = (path: string) => {
        const [, , part = ""] = path.split("/");
        return order.indexOf(part.replace(/\.ts$/, ""));
      };
      for (const { from, to } of importsOf(workspace)) {
        if (!to.startsWith(`${workspace}/`)) continue;
        expect(position(from), `${from} is not in the order`).toBeGreaterThanOrEqual(0);
        expect(position(to), `${from} imports ${to}`).toBeLessThanOrEqual(position(from));
      }
    });

  for (const workspace of ["protocol", "server", "web"])
    test(`${workspace} has no import cycles`, () => {
      expect(findCircle(importsOf(workspace))?.join("\n imports ") ?? null).toBeNull();
    });

  test("nothing of the client uses preact/compat", () => {
    for (const { from, to } of importsOf("web")) expect(to.startsWith("preact/compat"), from).toBe(false);
  });

  test("the client's stores know no page: no location, cookie, document or history", () => {
    for (const { path, text } of sourcesOf("web"))
      if (path.startsWith("web/src/stores/"))
        expect(/(?<![\w.])(?:location|history|document|window)\./.test(withoutComments(text)), path).toBe(
          false,
        );
  });

  test("no file of the client's stores is over 300 lines", () => {
    for (const { path, text } of sourcesOf("web"))
      if (path.startsWith("web/src/stores/")) expect(text.split("\n").length, path).toBeLessThanOrEqual(301);
  });

  test("SQL is only in db and in files named for their queries", () => {
    for (const { path, text } of sourcesOf("server")) {
      if (path.startsWith("server/src/db/")) continue;
      const hasSql = /\b(?:sql|tx)(?:<[^`;]*>)?`/.test(text);
      if (hasSql) expect(path).toMatch(/\/(?:[a-z-]+-)?queries\.ts$/);
    }
  });
});
