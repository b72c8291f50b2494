import { contentsWithin, type PushContent } from "@novax/protocol/push";
import { useEffect, useState } from "preact/hooks";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { type DeviceState, readDevice, turnOff, turnOn } from "./device-push.ts";

/** Turns notifications on this device on and off, chooses what they say, and sends one to try. */
export function DeviceNotifications({ chat }: { chat: ChatStore }) {
  const words = more.notifications;
  const [state, setState] = useState<DeviceState | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState("");
  useEffect(() => {
    readDevice(chat).then(setState, () => setState({ kind: "off" }));
  }, [chat]);
  const change = async (work: () => Promise<DeviceState>) => {
    setBusy(true);
    say("");
    try {
      setState(await work());
    } catch {
      say(words.failed);
    }
    setBusy(false);
  };
  if (!state) return null;
  if (state.kind === "unsupported" || state.kind === "install" || state.kind === "blocked")
    return <p className="panel-note">{words[state.kind]}</p>;
  const isOn = state.kind === "on";
  return (
    <div className="form">
      <label className="form-check">
        <input
          type="checkbox"
          checked={isOn}
          disabled={isBusy}
          onInput={() => void change(() => (isOn ? turnOff(chat) : turnOn(chat, "full")))}
        />{" "}
        {words.onThisDevice}
      </label>
      {isOn ? (
        <>
          <label className="form-field">
            <span>{words.content}</span>
            <select
              className="field"
              value={
                contentsWithin(state.contentMax).includes(state.content) ? state.content : state.contentMax
              }
              disabled={isBusy}
              onInput={({ currentTarget }) =>
                void change(() => turnOn(chat, currentTarget.value as PushContent))
              }
            >
              {contentsWithin(state.contentMax).map((content) => (
                <option key={content} value={content}>
                  {words.contents[content]}
                </option>
              ))}
            </select>
          </label>
          <div className="dialog-actions">
            <button
              type="button"
              className="button-secondary"
              disabled={isBusy}
              onClick={async () => {
                setBusy(true);
                // A refusal is shown where all of them are.
                if (await chat.command("push.test", {})) say(words.testSent);
                setBusy(false);
              }}
            >
              {words.test}
            </button>
          </div>
        </>
      ) : null}
      <p className={said === "" ? "visually-hidden" : "panel-note"} role="status">
        {said}
      </p>
    </div>
  );
}
