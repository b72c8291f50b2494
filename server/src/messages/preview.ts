import type { MessageBody, Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import { excerptOf } from "@novax/protocol/text";
/** A message in a list across rooms. */
export type MessagePreview = {
  room: RoomId;
  seq: number;
  threadRoot: number | null;
  sender: Person;
  sentAt: number;
  excerpt: string | null;
  /** When it came into the list. */
  at: number;
};

export type PreviewRow = {
  room_id: RoomId;
  seq: number;
  thread_root: number | null;
  id: AccountId;
  username: string;
  display_name: string;
  sent_at: number;
  body: MessageBody;
  at: number;
};

export function toPreview(row: PreviewRow): MessagePreview {
  return {
    room: row.room_id,
    seq: row.seq,
    threadRoot: row.thread_root,
    sender: toPerson(row.id, row.username, row.display_name),
    sentAt: row.sent_at,
    excerpt: excerptOf(row.body),
    at: row.at,
  };
}
