import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { MessagePreview } from "@novax/protocol/reads";
import { excerptOf } from "@novax/protocol/text";

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
