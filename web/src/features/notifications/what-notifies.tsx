import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";

/** Chooses what notifies the viewer, on every device, besides messages to them. */
export function WhatNotifies({ chat }: { chat: ChatStore }) {
  const { notifiesOf } = chat.me.lists.value;
  return (
    <>
      {(["threads", "reactions"] as const).map((name) => (
        <label key={name} className="form-check">
          <input
            type="checkbox"
            checked={notifiesOf[name]}
            onInput={({ currentTarget }) =>
              void chat.command("notifications.set", { [name]: currentTarget.checked })
            }
          />{" "}
          {more.notifications.of[name]}
        </label>
      ))}
    </>
  );
}
