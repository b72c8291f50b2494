import type { MessageEntry, TimelineEntry } from "@novax/protocol/apply-event";
import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import { wordsOfBody } from "@novax/protocol/text";
import { useEffect, useRef, useState } from "preact/hooks";
import { more } from "../../texts/more.ts";

const everyMs = 2000;
const spokenMax = 3;

/**
 * Announces new messages of the open room to screen readers, each once. Messages within two seconds are joined, and
 * many are counted. It is apart from the list, because there older pages would be announced as well.
 */
export function LiveRegion({
  timeline,
  headSeq,
  myId,
  isSilent,
}: {
  timeline: readonly TimelineEntry[];
  /** The end of the room's log. */
  headSeq: number;
  myId: string;
  /** Whose messages are not announced. */
  isSilent: (id: AccountId) => boolean;
}) {
  const newest = useRef(timeline);
  newest.current = timeline;
  const silent = useRef(isSilent);
  silent.current = isSilent;
  const firstHead = useRef(headSeq);
  const [spoken, setSpoken] = useState({ text: "", times: 0 });
  useEffect(() => {
    // Around an old message, what comes after it is loaded later, and is not new.
    let spokenSeq = Math.max(firstHead.current, newest.current.at(-1)?.seq ?? 0);
    const timer = setInterval(() => {
      const fresh = newest.current.filter((entry) => entry.seq > spokenSeq);
      if (fresh.length === 0) return;
      spokenSeq = fresh.at(-1)!.seq;
      const text = toSpeech(
        fresh.filter(
          (entry): entry is MessageEntry =>
            entry.kind === "message" && entry.sender.id !== myId && !silent.current(entry.sender.id),
        ),
      );
      if (text !== "") setSpoken(({ times }) => ({ text, times: times + 1 }));
    }, everyMs);
    return () => clearInterval(timer);
  }, [myId]);
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label={more.room.liveLabel}>
      {/* A new element each time: the same words twice are two announcements. */}
      <span key={spoken.times}>{spoken.text}</span>
    </div>
  );
}

function toSpeech(entries: readonly MessageEntry[]): string {
  const texts = entries.map(({ sender, body }) => `${nameOf(sender)}: ${wordsOfBody(body)}`);
  return texts.length > spokenMax ? more.message.liveMany(texts.length) : texts.join("\n");
}
