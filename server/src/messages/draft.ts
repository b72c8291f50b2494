import type { DraftBody, Person } from "@novax/protocol/entities";
import type { AccountId, SendId, SessionId } from "@novax/protocol/ids";

export type MessageDraft = {
  sender: Person;
  /** Null: the server itself sends what somebody told it to send. */
  sessionId: SessionId | null;
  sendId: SendId;
  body: DraftBody;
  /** The message it answers. */
  replyTo: number | null;
  /** The message in whose thread it belongs. */
  threadRoot: number | null;
  /** It calls everybody in the room. */
  mentionsEveryone: boolean;
  /** Whom else it calls, by username in lower case; whoever of them is a member. */
  names: readonly string[];
  /** And by id: who is here, who wants to hear of a word in it. */
  accounts: readonly AccountId[];
};
