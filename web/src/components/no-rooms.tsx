/** The chat of somebody who is in no room. */
export function NoRooms() {
  return (
    <main className="no-rooms">
      <h1>You are in no room</h1>
      <p>Somebody has taken you out of it. Whoever runs this chat can let you in again.</p>
      <form method="post" action="/logout">
        <button type="submit" className="button-primary">
          Sign out
        </button>
      </form>
    </main>
  );
}
