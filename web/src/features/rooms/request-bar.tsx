import type { JoinedRoom } from "@novax/protocol/entities";
import { isDirect } from "@novax/protocol/permissions";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { hideRoom, leaveRoom } from "./membership.ts";

/** Takes the composer's place in a room that a stranger opened with the viewer. */
export function RequestBar({ chat, ui, room }: { chat: ChatStore; ui: UiStore; room: JoinedRoom }) {
  const other = room.kind === "direct" ? room.people[0] : undefined;
  const name = chat.nameOf(room);
  const ignore = async (text: string, undo: () => Promise<unknown> = async () => {}) => {
    if (!(await hideRoom(chat, room))) return;
    chat.toasts.show(text, {
      label: more.app.undo,
      run: async () => {
        await undo();
        await chat.command("room.set_preferences", { room: room.id, isHidden: false });
        void chat.navigation.openRoom(room.id);
      },
    });
  };
  return (
    <section className="request-bar" aria-label={more.request.title}>
      <p>{isDirect(room.kind) ? more.request.fromPerson(name) : more.request.toRoom(name)}</p>
      <div className="request-actions">
        <button
          type="button"
          className="button-primary"
          onClick={() => void chat.command("room.set_preferences", { room: room.id, isRequest: false })}
        >
          {more.request.accept}
        </button>
        <button
          type="button"
          className="button-secondary"
          onClick={() => (other ? void ignore(more.request.ignored(name)) : leaveRoom(chat, ui, room))}
        >
          {other ? more.request.ignore : more.request.decline}
        </button>
        {other ? (
          <button
            type="button"
            className="button-secondary"
            onClick={async () => {
              if (!(await chat.command("person.block", { person: other.id }))) return;
              await ignore(more.request.blocked(name), () =>
                chat.command("person.unblock", { person: other.id }),
              );
            }}
          >
            {more.request.block}
          </button>
        ) : null}
      </div>
    </section>
  );
}
