import { useState } from "preact/hooks";
import { more } from "../texts/more.ts";

/**
 * A choice that is applied by a button, because the arrow keys pass other options on the way. `onChoose` gets the
 * value.
 */
export function ChoiceField(props: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  /** Whether each name is in the language that it names. */
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
            // The button disappears, so the focus returns to the list.
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
