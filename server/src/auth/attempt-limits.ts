import { RedisClient } from "bun";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";

/** At most `max` attempts per `windowMs`. */
export type AttemptLimit = { max: number; windowMs: number };

/**
 * Counts attempts under a key in fixed windows: a window opens with its first attempt and ends `windowMs` later.
 *
 * Guarantees: `countAttempt` is atomic, with Redis across all processes. If it cannot count it refuses with
 * `unavailable`; an attempt that was not counted is never let through (ASVS 16.5.3).
 */
export type AttemptLimits = {
  /** Counts one attempt. Returns the count including it, and when the window ends. */
  countAttempt(key: string, limit: AttemptLimit): Promise<{ count: number; retryInMs: number }>;
  /** Returns the current count without adding to it. */
  readAttempts(key: string): Promise<{ count: number; retryInMs: number }>;
  /** Takes back one attempt that should not count. */
  forgiveAttempt(key: string): Promise<void>;
  close(): Promise<void>;
};

/** Counts one attempt and asserts that it is within the limit. Refuses with `too_many_attempts`. */
export async function assertAttempt(limits: AttemptLimits, key: string, limit: AttemptLimit): Promise<void> {
  const { count, retryInMs } = await limits.countAttempt(key, limit);
  if (count > limit.max) throw tooManyAttempts(retryInMs);
}

/** Asserts that one more attempt would be within the limit, without counting it. Refuses with `too_many_attempts`. */
export async function assertAttemptsLeft(
  limits: AttemptLimits,
  key: string,
  limit: AttemptLimit,
): Promise<void> {
  const { count, retryInMs } = await limits.readAttempts(key);
  if (count >= limit.max) throw tooManyAttempts(retryInMs);
}

/** Per kind of key, so that a flood of addresses cannot push out the counters of accounts. */
const keysMax = 100_000;
/** Kinds with one key per address, which strangers can create by the thousand: when full, the oldest is dropped. */
const kindsOfAddresses = new Set([
  "login-address",
  "sign-up",
  "reset-request",
  "reset-link",
  "passkey-options",
]);

type Window = { count: number; endsAt: number };

export function createLocalAttemptLimits(clock: Clock): AttemptLimits {
  const kinds = new Map<string, Map<string, Window>>();
  const windowsOf = (key: string): Map<string, Window> => {
    const kind = kindOf(key);
    const windows = kinds.get(kind) ?? new Map<string, Window>();
    kinds.set(kind, windows);
    return windows;
  };
  const makeRoom = (key: string, windows: Map<string, Window>) => {
    if (windows.size < keysMax) return;
    for (const [other, window] of windows) if (window.endsAt <= clock.now()) windows.delete(other);
    if (windows.size < keysMax) return;
    if (!kindsOfAddresses.has(kindOf(key))) throw cannotCount();
    windows.delete(windows.keys().next().value!);
  };
  return {
    countAttempt: async (key, limit) => {
      const now = clock.now();
      const windows = windowsOf(key);
      let window = windows.get(key);
      if (!window || window.endsAt <= now) {
        windows.delete(key);
        makeRoom(key, windows);
        window = { count: 0, endsAt: now + limit.windowMs };
        windows.set(key, window);
      }
      window.count += 1;
      return { count: window.count, retryInMs: window.endsAt - now };
    },
    readAttempts: async (key) => {
      const window = windowsOf(key).get(key);
      const left = window ? window.endsAt - clock.now() : 0;
      return left > 0 ? { count: window!.count, retryInMs: left } : { count: 0, retryInMs: 0 };
    },
    forgiveAttempt: async (key) => {
      const windows = windowsOf(key);
      const window = windows.get(key);
      if (window && --window.count <= 0) windows.delete(key);
    },
    close: async () => kinds.clear(),
  };
}

function kindOf(key: string): string {
  return key.split(":", 1)[0]!;
}

// One script, so that a counter is never left without an expiry.
const countScript = `
local count = redis.call('incr', KEYS[1])
if count == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return {count, redis.call('pttl', KEYS[1])}`;

const readScript = `return {tonumber(redis.call('get', KEYS[1]) or '0'), redis.call('pttl', KEYS[1])}`;

const forgiveScript = `if redis.call('exists', KEYS[1]) == 1 then return redis.call('decr', KEYS[1]) end`;

const answerWithinMs = 2000;
const tellEveryMs = 60_000;

export function createRedisAttemptLimits(url: string, installation: string, log: Log): AttemptLimits {
  const name = (key: string) => `novax:${installation}:attempts:${key}`;
  let client: RedisClient | null = null;

  const ask = async (script: string, key: string, rest: string[]): Promise<unknown> => {
    if (!client) {
      const fresh = new RedisClient(url, {
        autoReconnect: false,
        enableOfflineQueue: false,
        connectionTimeout: answerWithinMs,
      });
      await fresh.connect();
      client = fresh;
    }
    return client.send("EVAL", [script, "1", name(key), ...rest]);
  };
  let toldAt = Number.NEGATIVE_INFINITY;
  const tellRefused = (error: unknown) => {
    const now = performance.now();
    if (now - toldAt < tellEveryMs) return;
    toldAt = now;
    // Redis begins its answer with a word for programs, such as OOM.
    const answer = /^[A-Z]{3,}/.exec((error as Error).message)?.[0];
    log.warn("redis.not_counting", { answer, hint: "nobody can sign in, because attempts can't be counted" });
  };
  const run = async (script: string, key: string, ...rest: string[]): Promise<unknown> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error("no answer")), answerWithinMs);
    try {
      return await Promise.race([ask(script, key, rest), late]);
    } catch (error) {
      tellRefused(error);
      // Drop a client that failed; the next attempt opens a new connection.
      client?.close();
      client = null;
      throw cannotCount();
    } finally {
      clearTimeout(timer);
    }
  };
  const toCount = (answer: unknown) => {
    const [count, retryInMs] = answer as [number, number];
    return { count, retryInMs: Math.max(0, retryInMs) };
  };
  return {
    countAttempt: async (key, limit) => toCount(await run(countScript, key, String(limit.windowMs))),
    readAttempts: async (key) => toCount(await run(readScript, key)),
    forgiveAttempt: async (key) => {
      await run(forgiveScript, key);
    },
    close: async () => client?.close(),
  };
}

function tooManyAttempts(retryInMs: number): Refusal {
  const minutes = Math.max(1, Math.ceil(retryInMs / 60_000));
  return new Refusal("too_many_attempts", (t) => t.tooManyAttempts(minutes), { retryInMs });
}

function cannotCount(): Refusal {
  return new Refusal("unavailable", (t) => t.signInAway, {
    retryInMs: 5000,
  });
}
