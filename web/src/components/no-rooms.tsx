import { t } from "../texts/text.ts";

/** The chat of somebody who is in no room. */
export function NoRooms() {
  return (
    <main className="no-rooms">
      <h1>{t.rooms.youAreIn}</h1>
      <p>{t.rooms.youAreInNone}</p>
      <form method="post" action="/logout">
        <button type="submit" className="button-primary">
          {t.account.signOut}
        </button>
      </form>
    </main>
  );
}
