import { scheduleAheadMsMax } from "@novax/protocol/limits";
import { Refusal } from "./refusal.ts";

/** Asserts that a time is in the future, within a year. Refuses with `time_invalid`. */
export function assertInFuture(at: number, now: number): void {
  if (at <= now || at > now + scheduleAheadMsMax) throw new Refusal("time_invalid", (t) => t.timeWithinYear);
}
