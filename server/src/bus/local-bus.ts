import type { Log } from "../log/log.ts";
import type { Bus, BusMessage } from "./bus.ts";

/** The bus of a single process. */
export function createLocalBus(log: Log): Bus {
  const listeners = new Map<BusMessage["kind"], Set<(message: never) => void>>();
  return {
    publish: (message) => {
      for (const listener of listeners.get(message.kind) ?? []) {
        try {
          listener(message as never);
        } catch (error) {
          // The publisher has already committed, so a failing listener must not make it fail.
          log.fault("bus.listener_failed", error, { kind: message.kind });
        }
      }
    },
    on: (kind, listener) => {
      const ofKind = listeners.get(kind) ?? new Set();
      listeners.set(kind, ofKind.add(listener));
      return () => ofKind.delete(listener);
    },
    onDoubt: () => () => {},
    isShared: false,
    isConnected: () => true,
    close: async () => listeners.clear(),
  };
}
