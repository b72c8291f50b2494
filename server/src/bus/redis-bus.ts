import { RedisClient } from "bun";
import type { Log } from "../log/log.ts";
import type { Bus, BusMessage } from "./bus.ts";
import { createLocalBus } from "./local-bus.ts";

type Envelope = { from: string; message: BusMessage };

const reconnectAfterMs = 500;

/**
 * The bus of several processes: Redis or Valkey publish/subscribe, on one channel per installation. Our own listeners
 * hear a message at once, and its echo from Redis is dropped.
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
  const publisher = new RedisClient(options.url, { autoReconnect: true, enableOfflineQueue: false });
  publisher.onclose = () => {};
  let isClosed = false;
  let subscriber: RedisClient | null = null;

  const receive = (text: string) => {
    let envelope: Envelope;
    try {
      envelope = JSON.parse(text) as Envelope;
    } catch {
      log.warn("bus.message_unreadable");
      return;
    }
    if (envelope.from !== processId) local.publish(envelope.message);
  };

  // A new client for every try: a subscription that was lost with its connection is then never taken for a live one.
  const subscribe = async (): Promise<void> => {
    const client = new RedisClient(options.url, { autoReconnect: false, connectionTimeout: 5000 });
    await client.connect();
    client.onclose = () => {
      if (subscriber !== client) return;
      subscriber = null;
      if (isClosed) return;
      log.warn("bus.disconnected");
      scheduleReconnect();
    };
    await client.subscribe(channel, receive);
    subscriber = client;
  };
  const scheduleReconnect = () => {
    setTimeout(async () => {
      if (isClosed) return;
      try {
        await subscribe();
        log.info("bus.connected");
        for (const listener of doubtListeners) listener();
      } catch {
        scheduleReconnect();
      }
    }, reconnectAfterMs).unref();
  };

  await publisher.connect();
  await subscribe();
  return {
    publish: (message) => {
      local.publish(message);
      const envelope: Envelope = { from: processId, message };
      // A lost ring is not an error: the others find the events in the database.
      publisher.publish(channel, JSON.stringify(envelope)).catch(() => {});
    },
    subscribe: local.subscribe,
    onDoubt: (listener) => {
      doubtListeners.add(listener);
      return () => doubtListeners.delete(listener);
    },
    isConnected: () => subscriber !== null,
    close: async () => {
      isClosed = true;
      subscriber?.close();
      publisher.close();
      await local.close();
    },
  };
}
