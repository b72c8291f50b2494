import type { FieldsOf } from "@novax/protocol/commands";
import type { ChatStore } from "../../stores/chat-store.ts";

/** After this time the event of the stored edit has arrived. */
const shownMs = 1000;

/**
 * Saves another text of a message. Resolves with whether that is done: if the server refuses it, the viewer can change it. Without
 * a connection it is shown at once and saved later.
 */
export async function saveEdit(chat: ChatStore, edited: FieldsOf<"message.edit">): Promise<boolean> {
  const { room, seq, text } = edited;
  const saving = chat.held.run(`edit ${room} ${seq}`, "message.edit", edited);
  if (chat.client.state.peek().kind === "open") return saving;
  const drops = chat.timelinesOf(room).map((store) => store.changes.edit(seq, text));
  const drop = () => {
    for (const dropOne of drops) dropOne();
  };
  void saving.then((isDone) => setTimeout(drop, isDone ? shownMs : 0));
  return true;
}
