// Loaded before a server: its machine's clock is an hour ahead.
const aheadMs = 3_600_000;
const now = Date.now.bind(Date);
const timeOrigin = performance.timeOrigin;

Date.now = () => now() + aheadMs;
Object.defineProperty(performance, "timeOrigin", { get: () => timeOrigin + aheadMs });
