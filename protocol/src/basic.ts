// The basic protocol: what a client speaks that offers no subprotocol. Its shapes never change.
import { z } from "zod";
import type { BasicMessage } from "./entities.ts";

/** What a basic client sends. Its `sender` and `timestamp` are claims and are ignored; more members may be there. */
export const basicSendSchema = z.looseObject({ text: z.string() });

export type BasicServerFrame =
  | { type: "history"; messages: BasicMessage[] }
  | { type: "error"; detail: string; code: string }
  | BasicMessage;
