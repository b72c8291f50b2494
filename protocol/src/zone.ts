import { z } from "zod";

/** A time zone that the server knows. */
export const zoneSchema = z.string().max(60).refine(isTimeZone, "is a time zone such as Europe/Berlin");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
