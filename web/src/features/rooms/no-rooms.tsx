import { useEffect } from "preact/hooks";
import { more } from "../../texts/more.ts";

const pollEveryMs = 5000;

/** What a viewer who is in no room sees. */
export function NoRooms() {
  // Another member may add them to a room at any moment, so this asks the server.
  useEffect(() => {
    const timer = setInterval(async () => {
      const answer = await fetch("/api/rooms").catch(() => null);
      const { rooms } = answer?.ok
        ? ((await answer.json().catch(() => ({ rooms: [] }))) as { rooms: unknown[] })
        : { rooms: [] };
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
