import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const serverOrder =
  "texts lib config log db bus blobs mail events jobs audit accounts auth rooms files messages search notifications admin realtime http main".split(
    " ",
  );

type Import = { from: string; to: string };

function importsOf(workspace: string): Import[] {
  const folder = join(root, workspace, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?<!\.test)\.tsx?$/.test(name),
  );
  return files.flatMap((name) => {
    const path = join(folder, name);
    const found = readFileSync(path, "utf8").matchAll(/(?:from|import\(|^import) ?"([^"]+)"/gm);
    return [...found].map(([, to]) => ({
      from: relative(root, path),
      to: to!.startsWith(".") ? relative(root, resolve(dirname(path), to!)) : to!,
    }));
  });
}

describe("who may import whom", () => {
  test("the protocol imports zod and itself alone", () => {
    for (const { from, to } of importsOf("protocol"))
      expect(to === "zod" || to.startsWith("protocol/"), `${from}: ${to}`).toBe(true);
  });

  test("web and server never import each other", () => {
    for (const { from, to } of importsOf("web"))
      expect(to.startsWith("server/"), `${from}: ${to}`).toBe(false);
    for (const { from, to } of importsOf("server"))
      expect(to.startsWith("web/"), `${from}: ${to}`).toBe(false);
  });

  test("inside the server imports go to the left only, so no circle can be", () => {
    const place = (path: string) => {
      const [, , part = ""] = path.split("/");
      return serverOrder.indexOf(part.replace(/\.ts$/, "").replace(/^(?:cli|admin-cli|exit)$/, "main"));
    };
    for (const { from, to } of importsOf("server")) {
      if (!to.startsWith("server/")) continue;
      expect(place(from), `${from} has no place in the order`).toBeGreaterThanOrEqual(0);
      expect(place(to), `${from} imports ${to}`).toBeLessThanOrEqual(place(from));
    }
  });

  test("the client's stores and its connection know no component, and nothing uses preact/compat", () => {
    for (const { from, to } of importsOf("web")) {
      expect(to.startsWith("preact/compat"), from).toBe(false);
      if (/^web\/src\/(client|stores)\//.test(from))
        expect(/^web\/src\/(components|pages)\//.test(to), `${from}: ${to}`).toBe(false);
    }
  });

  test("SQL stands in db, and in files that are named for their queries", () => {
    const allowed =
      /^server\/src\/(db\/|.*\/([a-z-]*queries|sessions|known-devices|sign-in-challenges|recovery-codes|invites|notices|policy|deletion|reserved-usernames|audit-log|queue|memberships|setup-code|join-room|remove-member|record-events|read-events)\.ts$)/;
    const folder = join(root, "server/src");
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      const path = `server/src/${name}`;
      const hasSql = /(?:sql|tx)(?:<[^`]*>)?`/.test(readFileSync(join(root, path), "utf8"));
      if (hasSql) expect(path).toMatch(allowed);
    }
  });
});
