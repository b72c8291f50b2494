import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { noteCharsMax } from "@novax/protocol/limits";
import { nameOf } from "@novax/protocol/person";
import { Dialog } from "../../components/dialog.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { useOnce } from "../use-once.ts";

export function BanDialog({
  chat,
  person,
  onClose,
}: {
  chat: ChatStore;
  person: Person;
  onClose: () => void;
}) {
  const submit = useOnce(async (reason: string) => {
    const room = chat.navigation.current.peek() as RoomId;
    if (await chat.command("member.ban", { room, person: person.id, reason })) onClose();
  });
  return (
    <Dialog title={more.people.banTitle(nameOf(person))} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(String(new FormData(event.currentTarget).get("reason")));
        }}
      >
        <label className="form-field">
          <span>{more.people.banReason}</span>
          <input className="field" name="reason" maxLength={noteCharsMax} data-autofocus autocomplete="off" />
        </label>
        <div className="dialog-actions">
          <button type="submit" className="button-danger">
            {more.people.banSubmit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
