import type { CustomEmoji } from "../emoji/custom-emoji.ts";
import type { FileNeeds } from "../files/file-store.ts";
import type { Mailer } from "../mail/mailer.ts";
import type { ReactionStep } from "../messages/reaction-step.ts";
import type { SendNeeds } from "../messages/send-message.ts";
import type { LinkPreviews } from "../previews/link-previews.ts";
import type { PushNeeds } from "../push/subscriptions.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";

/** What commands need, over the socket and over HTTP. */
export type CommandNeeds = SendNeeds &
  Pick<FileNeeds, "blobs" | "fileLimits"> &
  PushNeeds &
  TransactionNeeds & {
    mailer: Pick<Mailer, "isReal">;
    customEmoji: Pick<CustomEmoji, "find">;
    linkPreviews: LinkPreviews;
    reactionSteps: readonly ReactionStep[];
  };
