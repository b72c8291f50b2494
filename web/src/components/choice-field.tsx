import { useState } from "preact/hooks";
import { more } from "../texts/more.ts";

/**
 * A choice that takes effect when it is confirmed: whoever goes through it by the arrow keys comes past others on the way.
 */
export function ChoiceField(props: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  /** Whether the names are in the languages that they name. */
  isLanguage?: boolean;
  onChoose: (value: string) => void;
}) {
  const [chosen, setChosen] = useState<string | null>(null);
  const isOther = chosen !== null && chosen !== props.value;
  return (
    <div className="form-choice">
      <label className="form-field">
        <span>{props.label}</span>
        <select
          className="field"
          value={chosen ?? props.value}
          onInput={(event) => setChosen(event.currentTarget.value)}
        >
          {props.options.map(([value, name]) => (
            <option key={value} value={value} lang={props.isLanguage ? value : undefined}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {isOther ? (
        <button
          type="button"
          className="button-secondary"
          onClick={(event) => {
            // The button goes, now that there is nothing to apply.
            event.currentTarget.parentElement!.querySelector("select")!.focus();
            setChosen(null);
            props.onChoose(chosen);
          }}
        >
          {more.app.apply}
        </button>
      ) : null}
    </div>
  );
}
