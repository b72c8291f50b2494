const sampleEveryMs = 500;

/**
 * Measures how late the event loop is. Returns how late it was at most since it was last asked, in s, and what ends that. A timer
 * that comes late is what every message that waits for its turn sees.
 */
export function watchEventLoop(): { takeMaxSeconds(): number; stop(): void } {
  let expectedAt = performance.now() + sampleEveryMs;
  let maxMs = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    maxMs = Math.max(maxMs, now - expectedAt);
    expectedAt = now + sampleEveryMs;
  }, sampleEveryMs);
  timer.unref();
  return {
    takeMaxSeconds: () => {
      const seconds = maxMs / 1000;
      maxMs = 0;
      return seconds;
    },
    stop: () => clearInterval(timer),
  };
}
