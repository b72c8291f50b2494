import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectionState } from "../client/realtime-client.ts";
import { announce } from "../lib/announce.ts";
import { more } from "../texts/more.ts";

/** An interruption shorter than this is not shown. */
const shownAfterMs = 5000;

/** Says that the connection is lost. It lies over the header, so nothing moves, and the viewer can go on writing. */
export function ConnectionBanner({ state, onRetry }: { state: ConnectionState; onRetry: () => void }) {
  const [isShown, setShown] = useState(false);
  const since = state.kind === "away" ? state.since : null;
  useEffect(() => {
    setShown(false);
    if (since === null) return;
    const timer = setTimeout(() => setShown(true), Math.max(0, since + shownAfterMs - Date.now()));
    return () => clearTimeout(timer);
  }, [since]);
  const text = toBannerText(state, isShown);
  const wasShown = useRef(false);
  useEffect(() => {
    if (wasShown.current && state.kind === "open") announce(more.connection.back);
    wasShown.current = text !== null;
  }, [text, state.kind]);
  return (
    <div className="banner-place" role="status">
      {text === null ? null : (
        <div className="banner">
          <span>{text}</span>
          {state.kind === "away" ? (
            <button type="button" className="button-subtle" onClick={onRetry}>
              {more.connection.tryNow}
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
}

function toBannerText(state: ConnectionState, isShown: boolean): string | null {
  if (state.kind === "away" && state.isFull) return more.connection.tooMany;
  if (state.kind === "away" && isShown)
    return state.isBlocked ? more.connection.blocked : more.connection.away;
  if (state.kind !== "ended") return null;
  switch (state.reason) {
    case "signed_out":
      return more.connection.signedOut;
    case "refused":
      return more.connection.refused;
  }
}
