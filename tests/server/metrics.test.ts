import { describe, expect, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import { spawnServer } from "../support/server.ts";
import { freePort } from "../support/services.ts";
import { useServer } from "../support/use-server.ts";

const token = "correct-horse-battery";

describe("the metrics", async () => {
  const port = await freePort();
  const { server, alice, bob } = useServer("embedded", {
    env: { METRICS_PORT: String(port), METRICS_TOKEN: token, LOG_REQUESTS: "on" },
  });
  const read = (headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  const readingOf = (text: string, name: string) =>
    Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);

  test("[O06] are on a port of their own, for those who have the token", async () => {
    expect((await read({})).status).toBe(401);
    expect((await read({ authorization: "Bearer wrong" })).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    const refused = spawnServer({ METRICS_PORT: "9000", METRICS_HOST: "0.0.0.0" });
    expect([await refused.finished, refused.output()]).toEqual([
      78,
      expect.stringContaining("METRICS_TOKEN: must be set"),
    ]);
  });

  test("count what is sent, delivered, connected, closed and asked for, and name no person, room or address", async () => {
    const before = await (await read()).text();
    const socket = await bob.enter();
    const connected = await (await read()).text();
    expect(readingOf(connected, "novax_connections")).toBe(1);
    expect(readingOf(connected, "novax_people")).toBe(1);
    for (let turn = 0; turn < 5; turn++) await alice.say(room, `message ${turn}`);
    await socket.next((frame) => JSON.stringify(frame).includes("message 4"));
    socket.close();
    await socket.closed;
    const after = await (await read()).text();
    const grewBy = (name: string) => readingOf(after, name) - (readingOf(before, name) || 0);
    expect(grewBy("novax_messages_sent_total")).toBe(5);
    expect(grewBy("novax_frames_delivered_total")).toBeGreaterThanOrEqual(5);
    expect(after).toMatch(/^novax_connections_closed_total\{code="\d+"\} 1$/m);
    expect(after).toMatch(
      /novax_http_request_seconds_count\{method="POST",route="\/api\/commands\/message\.send",status="200"\} 5/,
    );
    for (const name of [
      "novax_jobs_due",
      "novax_file_bytes",
      "novax_search_lag_events",
      "novax_event_loop_lag_max_seconds",
    ])
      expect(readingOf(after, name), name).toBeGreaterThanOrEqual(0);
    for (const secret of ["alice", "bob", await alice.id(), "127.0.0.1"]) expect(after).not.toContain(secret);
  });

  test("a request is logged by its route, without what it says", async () => {
    await alice.say(room, "a sentence that nobody logs");
    await fetch(`${server.url}/reset?token=${"x".repeat(40)}`);
    expect(server.output()).toContain(
      '"event":"request","method":"POST","route":"/api/commands/message.send","status":200',
    );
    expect(server.output()).not.toContain("a sentence that nobody logs");
    expect(server.output()).not.toContain("x".repeat(40));
  });
});
