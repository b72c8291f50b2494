import { expect, test } from "bun:test";
import { createLog } from "./log.ts";

for (const format of ["json", "words"] as const) {
  test(`[O02] a newline in a name cannot forge a log line (${format})`, () => {
    const lines: string[] = [];
    const log = createLog({ format, write: (line) => lines.push(line), now: () => 0 });
    log.info("login.refused", { username: 'x\n00:00:00 login.succeeded username="root"' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
  });
}

test("[O01] a fault is logged with the id that the client gets, without the database's message, which may quote data", () => {
  const lines: string[] = [];
  const log = createLog({ format: "json", write: (line) => lines.push(line), now: () => 0 });
  const error = Object.assign(new Error('Key (email)=(alice@example.org) already exists, "hunter2"'), {
    name: "PostgresError",
    errno: "23505",
    constraint: "accounts_verified_email",
    statement: "insert into accounts values (?, ?)",
  });
  const faultId = log.fault("request.failed", error);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...{ event: "request.failed", faultId, code: "23505" },
    ...{ constraint: "accounts_verified_email", statement: "insert into accounts values (?, ?)" },
  });
  expect(lines[0]).not.toContain("hunter2");
});

test("[B20] a line in words has the date, and the time in UTC", () => {
  const lines: string[] = [];
  createLog({ format: "words", write: (line) => lines.push(line), now: () => 0 }).info("server.started");
  expect(lines).toEqual(["1970-01-01T00:00:00.000Z   server.started"]);
});
