import type { TimelineEntry } from "@novax/protocol/apply-event";
import { nameOf } from "@novax/protocol/person";
import { fullTextOf } from "@novax/protocol/text";
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
}: {
  timeline: readonly TimelineEntry[];
  /** The end of the room's log. */
  headSeq: number;
  myId: string;
}) {
  const newest = useRef(timeline);
  newest.current = timeline;
  const firstHead = useRef(headSeq);
  const [spoken, setSpoken] = useState({ text: "", times: 0 });
  useEffect(() => {
    // Around an old message, what comes after it is loaded later, and is not new.
    let spokenSeq = Math.max(firstHead.current, newest.current.at(-1)?.seq ?? 0);
    const timer = setInterval(() => {
      const fresh = newest.current.filter((entry) => entry.seq > spokenSeq);
      if (fresh.length === 0) return;
      spokenSeq = fresh.at(-1)!.seq;
      const text = toSpeech(fresh, myId);
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

function toSpeech(entries: readonly TimelineEntry[], myId: string): string {
  const texts = entries.flatMap((entry) =>
    entry.kind === "message" && entry.sender.id !== myId
      ? [`${nameOf(entry.sender)}: ${fullTextOf(entry.body)}`]
      : [],
  );
  return texts.length > spokenMax ? more.message.liveMany(texts.length) : texts.join("\n");
}
