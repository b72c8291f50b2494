import { useState } from "preact/hooks";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";

const usual = { from: 22 * 60, to: 7 * 60 };

const two = (value: number) => String(value).padStart(2, "0");
const toText = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const toMinutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/** The hours of each day in which nothing notifies the viewer, in the time zone of this device. */
export function QuietHoursFields({
  chat,
  onSaved,
}: {
  chat: ChatStore;
  onSaved: (done: object | null) => void;
}) {
  const own = chat.me.lists.value.quietHours;
  const [isOn, setOn] = useState(own !== null);
  const { from, to } = own ?? usual;
  const save = async (hours: { from: number; to: number } | null) => {
    const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
    onSaved(await chat.command("quiet_hours.set", { hours: hours && { ...hours, zone } }));
  };
  const field = (name: "from" | "to", label: string, minutes: number) => (
    <label className="form-field form-narrow">
      <span>{label}</span>
      <input className="field" type="time" name={name} required defaultValue={toText(minutes)} />
    </label>
  );
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        void save({ from: toMinutes(String(given.get("from"))), to: toMinutes(String(given.get("to"))) });
      }}
    >
      <label className="form-check">
        <input
          type="checkbox"
          checked={isOn}
          onInput={(event) => {
            const { checked } = event.currentTarget;
            setOn(checked);
            void save(checked ? usual : null);
          }}
        />{" "}
        {more.settings.quietHours}
      </label>
      {isOn ? (
        <>
          <div className="form-row">
            {field("from", more.settings.quietFrom, from)}
            {field("to", more.settings.quietTo, to)}
          </div>
          <div className="dialog-actions">
            <button type="submit" className="button-secondary">
              {t.app.save}
            </button>
          </div>
        </>
      ) : null}
    </form>
  );
}
