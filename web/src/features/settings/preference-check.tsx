import { type Preferences, preferences, setPreference } from "./preferences.ts";

type Switch = { [K in keyof Preferences]: Preferences[K] extends boolean ? K : never }[keyof Preferences];

/** A setting of this browser that is on or off. */
export function PreferenceCheck({ name, label }: { name: Switch; label: string }) {
  return (
    <label className="form-check">
      <input
        type="checkbox"
        checked={preferences.value[name]}
        onInput={(event) => setPreference(name, event.currentTarget.checked)}
      />{" "}
      {label}
    </label>
  );
}
