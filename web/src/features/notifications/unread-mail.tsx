import type { FieldsOf } from "@novax/protocol/commands";
import { unreadMailMinutes } from "@novax/protocol/limits";
import type { ReadResult } from "@novax/protocol/reads";
import { useEffect, useState } from "preact/hooks";
import { ChoiceField } from "../../components/choice-field.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";

/** Chooses after how long the viewer gets an email about what stays unread. Nothing where the server can't send them one. */
export function UnreadMail({ chat }: { chat: ChatStore }) {
  const words = more.notifications;
  const [state, setState] = useState<ReadResult<"me.unread_mail"> | null>(null);
  useEffect(() => {
    chat.api.read("me.unread_mail", {}).then(setState, () => {});
  }, [chat]);
  if (!state?.isPossible) return null;
  return (
    <ChoiceField
      label={words.unreadMail}
      value={String(state.minutes ?? "never")}
      options={[
        ["never", words.never],
        ...unreadMailMinutes.map((minutes) => [String(minutes), words.after[minutes]] as const),
      ]}
      onChoose={async (value) => {
        const minutes = (value === "never" ? null : Number(value)) as FieldsOf<"unread_mail.set">["minutes"];
        if (await chat.command("unread_mail.set", { minutes })) setState({ ...state, minutes });
      }}
    />
  );
}
