import type { Log } from "../log/log.ts";
import type { Bus, BusMessage } from "./bus.ts";

/** The bus of a single process. */
export function createLocalBus(log: Log): Bus {
  const listeners = new Set<(message: BusMessage) => void>();
  return {
    publish: (message) => {
      for (const listener of listeners) {
        try {
          listener(message);
        } catch (error) {
          // The publisher has committed; a listener's fault is not its own.
          log.fault("bus.listener_failed", error, { kind: message.kind });
        }
      }
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onDoubt: () => () => {},
    isConnected: () => true,
    close: async () => listeners.clear(),
  };
}
