import { RedisClient } from "bun";
import type { Log } from "../log/log.ts";
import type { Bus, BusMessage } from "./bus.ts";
import { createLocalBus } from "./local-bus.ts";

/** Without a message it only shows that the line is alive. */
type Envelope = { from: string; message?: BusMessage };

/** What an operator should know of it. */
export const redisAwayHint =
  "until it answers, nobody can sign in, and what happens on other processes comes seconds later";

const reconnectAfterMs = 500;
const heartbeatEveryMs = 3000;
/** A line on which not even our own messages come back for this long is dead, though it may look open. */
const silentMaxMs = 10_000;

/**
 * The bus of several processes: Redis or Valkey publish/subscribe, with one channel per installation. This process's
 * listeners get a message directly, and its echo from Redis is dropped. While Redis is away, from the start or later, it works
 * without the other processes, and tries again.
 */
export async function createRedisBus(options: {
  url: string;
  installation: string;
  processId: string;
  log: Log;
}): Promise<Bus> {
  const { log, processId } = options;
  const channel = `novax:${options.installation}`;
  const local = createLocalBus(log);
  const doubtListeners = new Set<() => void>();
  let isClosed = false;
  let heardAt = 0;
  let link: { publisher: RedisClient; subscriber: RedisClient } | null = null;

  const receive = (text: string) => {
    let envelope: Envelope;
    try {
      envelope = JSON.parse(text) as Envelope;
    } catch {
      log.warn("bus.message_unreadable");
      return;
    }
    heardAt = performance.now();
    if (envelope.from !== processId && envelope.message) local.publish(envelope.message);
  };
  const send = (envelope: Envelope) => {
    // A lost message is not an error: other processes find the events in the database.
    link?.publisher.publish(channel, JSON.stringify(envelope)).catch(() => {});
  };

  // Every attempt uses two new clients. A client that reconnects by itself gives up eventually, and a subscription
  // lost with its connection could look as if it were still active.
  const connect = async (): Promise<void> => {
    const settings = { autoReconnect: false, enableOfflineQueue: false, connectionTimeout: 5000 };
    const fresh = {
      publisher: new RedisClient(options.url, settings),
      subscriber: new RedisClient(options.url, settings),
    };
    try {
      await Promise.all([fresh.publisher.connect(), fresh.subscriber.connect()]);
      await fresh.subscriber.subscribe(channel, receive);
    } catch (error) {
      fresh.publisher.close();
      fresh.subscriber.close();
      throw error;
    }
    const lose = () => {
      if (link !== fresh) return;
      link = null;
      fresh.publisher.close();
      fresh.subscriber.close();
      if (isClosed) return;
      log.warn("redis.away", { hint: redisAwayHint });
      scheduleReconnect();
    };
    fresh.publisher.onclose = lose;
    fresh.subscriber.onclose = lose;
    link = fresh;
    heardAt = performance.now();
    const heart = setInterval(() => {
      if (link !== fresh) clearInterval(heart);
      else if (performance.now() - heardAt > silentMaxMs) lose();
      else send({ from: processId });
    }, heartbeatEveryMs);
    heart.unref();
  };
  const scheduleReconnect = () => {
    setTimeout(async () => {
      if (isClosed) return;
      try {
        await connect();
        log.info("redis.back");
        for (const listener of doubtListeners) listener();
      } catch {
        scheduleReconnect();
      }
    }, reconnectAfterMs).unref();
  };

  await connect().catch((error: unknown) => {
    const { code, name } = error as { code?: string; name: string };
    log.warn("bus.not_connected", { error: name, code });
    scheduleReconnect();
  });
  return {
    publish: (message) => {
      local.publish(message);
      send({ from: processId, message });
    },
    on: local.on,
    isShared: true,
    onDoubt: (listener) => {
      doubtListeners.add(listener);
      return () => doubtListeners.delete(listener);
    },
    isConnected: () => link !== null,
    close: async () => {
      isClosed = true;
      link?.subscriber.close();
      link?.publisher.close();
      await local.close();
    },
  };
}
