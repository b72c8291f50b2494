import type { SearchHit } from "@novax/protocol/reads";
import type { ComponentChildren } from "preact";
import { formatFull, formatPast } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { PreviewRow } from "../messages/preview-row.tsx";

/** A message that was found at a place, which the heading shows: who wrote it and when, and the part of it that was looked for. */
export function HitRow({ hit, place, onOpen }: { hit: SearchHit; place: string; onOpen: () => void }) {
  return (
    <PreviewRow
      person={hit.sender}
      head={
        <>
          <span className="visually-hidden">{place}, </span>
          {hit.isMessage ? null : `${more.search.changedRoom} · `}
          {hit.threadRoot === null ? null : `${more.search.inThread} · `}
          <time title={formatFull(hit.sentAt)}>{formatPast(hit.sentAt)}</time>
        </>
      }
      text={marked(hit)}
      onOpen={onOpen}
    />
  );
}

/** The excerpt with what was found in it as elements: a text never becomes HTML. */
function marked({ excerpt, marks }: SearchHit): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const [start, end] of marks) {
    parts.push(excerpt.slice(from, start), <mark key={start}>{excerpt.slice(start, end)}</mark>);
    from = end;
  }
  parts.push(excerpt.slice(from));
  return parts;
}
