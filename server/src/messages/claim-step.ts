import { filesOf } from "@novax/protocol/text";
import { claimFiles } from "../files/queries.ts";
import type { SendStep } from "./send-step.ts";

/**
 * Makes the files of messages part of them. The insert has locked the files and has found all of them free, so none can be
 * missing here.
 */
export const claimStep: SendStep = {
  name: "files",
  statementsMax: 1,
  concerns: (draft) => filesOf(draft.body).length > 0,
  run: async ({ sql, room, messages }) => {
    const claims = messages.flatMap(({ seq, sender, body }) =>
      filesOf(body).map(({ id }) => ({ id, seq, owner: sender.id })),
    );
    if (claims.length === 0) return;
    if ((await claimFiles(sql, room, claims)) < claims.length)
      throw new Error("a file was taken between the insert and its step");
  },
};
