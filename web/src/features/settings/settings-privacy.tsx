import { nameOf } from "@novax/protocol/person";
import { more } from "../../texts/more.ts";
import type { SettingsProps } from "./settings-props.ts";

/** What others learn of the viewer, and whom the viewer does not want to hear of. */
export function PrivacySettings({ chat, saved }: SettingsProps) {
  const own = chat.me.lists.value;
  return (
    <>
      <section className="settings-section">
        <h3>{more.settings.tabs.privacy}</h3>
        <label className="form-check">
          <input
            type="checkbox"
            checked={own.sharesReadReceipts}
            onInput={async (event) =>
              saved(await chat.command("read_receipts.set", { isShared: event.currentTarget.checked }))
            }
          />{" "}
          {more.settings.reading}
        </label>
      </section>
      <section className="settings-section">
        <h3>{more.settings.blocked}</h3>
        {own.blocked.length === 0 ? (
          <p className="panel-note">{more.settings.nobodyBlocked}</p>
        ) : (
          <ul className="people">
            {own.blocked.map((person) => (
              <li key={person.id} className="person">
                <span className="person-name" dir="auto">
                  {nameOf(person)}
                </span>
                <button
                  type="button"
                  className="button-subtle"
                  onClick={() => void chat.command("person.unblock", { person: person.id })}
                >
                  {more.people.unblock}
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}
