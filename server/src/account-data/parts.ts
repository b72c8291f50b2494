import type { AccountData } from "../accounts/account-data.ts";
import { fileData } from "../files/queries.ts";
import { mentionData } from "../messages/mention-queries.ts";
import { reactionData } from "../messages/reaction-queries.ts";
import { reportData } from "../moderation/report-queries.ts";
import { peopleData } from "../people/queries.ts";
import { pictureData } from "../pictures/queries.ts";
import { voteData } from "../polls/queries.ts";
import { pushData } from "../push/queries.ts";
import { draftData } from "../rooms/my-queries.ts";
import { savedData } from "../saved/queries.ts";
import { reminderData, scheduledData } from "../scheduled/queries.ts";
import { threadData } from "../threads/queries.ts";
import { unreadMailData } from "../unread-mail/queries.ts";
import { otherData } from "./other-queries.ts";

/** The personal data that modules keep besides the account itself, memberships and messages. */
export const accountData: readonly AccountData[] = [
  ...peopleData,
  pictureData,
  fileData,
  draftData,
  savedData,
  threadData,
  scheduledData,
  reminderData,
  mentionData,
  reactionData,
  voteData,
  reportData,
  pushData,
  unreadMailData,
  ...otherData,
];
