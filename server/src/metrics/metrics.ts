// What is counted while the server runs, under the names that Prometheus reads (https://prometheus.io/docs/practices/naming/).
// One set for each process. No label has a person, a room or an address in it.
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const messagesSent = new Counter({
  name: "novax_messages_sent_total",
  help: "Messages that were committed.",
  registers,
});

export const commitSeconds = new Histogram({
  name: "novax_commit_seconds",
  help: "How long a commit of messages takes, by whether it is of one room alone.",
  labelNames: ["alone"],
  buckets: secondsBuckets,
  registers,
});

export const commitMessages = new Histogram({
  name: "novax_commit_messages",
  help: "How many messages are committed together.",
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  registers,
});

export const framesDelivered = new Counter({
  name: "novax_frames_delivered_total",
  help: "Frames of events that were given to connections, one for each connection.",
  registers,
});

export const feedsRepaired = new Counter({
  name: "novax_feeds_repaired_total",
  help: "How often events of a room were read again because the bus had not brought them.",
  registers,
});

export const connectionsClosed = new Counter({
  name: "novax_connections_closed_total",
  help: "WebSocket connections that were closed, by close code.",
  labelNames: ["code"],
  registers,
});

export const requestSeconds = new Histogram({
  name: "novax_http_request_seconds",
  help: "How long requests take, by route and status.",
  labelNames: ["method", "route", "status"],
  buckets: secondsBuckets,
  registers,
});

export const pushes = new Counter({
  name: "novax_pushes_total",
  help: "Notifications that push services were given, by outcome.",
  labelNames: ["outcome"],
  registers,
});

export const jobsRun = new Counter({
  name: "novax_jobs_total",
  help: "Background jobs that were run, by kind and outcome.",
  labelNames: ["kind", "outcome"],
  registers,
});

/** A gauge that is asked when it is read. One that fails is left out of what is read. */
export function gauge(name: string, help: string, read: () => number | Promise<number>): void {
  if (registry.getSingleMetric(name)) registry.removeSingleMetric(name);
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      try {
        this.set(await read());
      } catch {
        this.reset();
      }
    },
  });
}
