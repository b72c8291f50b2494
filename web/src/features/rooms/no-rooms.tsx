import { useEffect } from "preact/hooks";
import { more } from "../../texts/more.ts";

const pollEveryMs = 5000;

/** The chat of somebody who is in no room. */
export function NoRooms() {
  // Somebody may bring them in at any moment.
  useEffect(() => {
    const timer = setInterval(async () => {
      const answer = await fetch("/api/rooms").catch(() => null);
      const { rooms } = answer?.ok ? ((await answer.json()) as { rooms: unknown[] }) : { rooms: [] };
      if (rooms.length > 0) location.reload();
    }, pollEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <main className="no-rooms">
      <h1>{more.rooms.youAreIn}</h1>
      <p>{more.rooms.youAreInNone}</p>
      <form method="post" action="/logout">
        <button type="submit" className="button-primary">
          {more.account.signOut}
        </button>
      </form>
    </main>
  );
}
