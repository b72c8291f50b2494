import type { Person, PollBody, TextBody } from "@novax/protocol/entities";
import type { AccountId, SendId, SessionId } from "@novax/protocol/ids";

export type MessageDraft = {
  sender: Person;
  /** Null if the server sends the message on its author's behalf, as with scheduled ones. */
  sessionId: SessionId | null;
  sendId: SendId;
  body: TextBody | PollBody;
  /** The `seq` of the message this one replies to. */
  replyTo: number | null;
  /** The `seq` of the first message of the thread this one belongs to. */
  threadRoot: number | null;
  /** Whether it mentions everyone in the room. */
  mentionsEveryone: boolean;
  /** Mentioned usernames in lower case. Names that are not members are ignored. */
  names: readonly string[];
  /** People mentioned by id: through `@here`, a thread they follow, or a keyword. */
  accounts: readonly AccountId[];
};
