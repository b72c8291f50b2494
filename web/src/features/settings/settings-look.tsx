import { isLanguage, languages } from "@novax/protocol/language";
import { useState } from "preact/hooks";
import { ChoiceField } from "../../components/choice-field.tsx";
import { isTouch } from "../../lib/element.ts";
import { more } from "../../texts/more.ts";
import { PreferenceCheck } from "./preference-check.tsx";
import { clocks, preferences, previewStyles, setPreference, textSizes } from "./preferences.ts";
import type { SettingsProps } from "./settings-props.ts";
import { applyTheme, keepLanguage, readTheme, type Theme, themes } from "./theme.ts";

/** How the page looks and is used on this screen. */
export function LookSettings({ chat }: SettingsProps) {
  const current = preferences.value;
  const [theme, setTheme] = useState<Theme>(readTheme);
  const themeNames: Record<Theme, string> = {
    system: more.account.asSystem,
    light: more.account.light,
    dark: more.account.dark,
  };
  return (
    <>
      <section className="settings-section">
        <h3>{more.settings.appearance}</h3>
        <div className="form-row">
          <SelectField
            label={more.settings.theme}
            value={theme}
            options={themes.map((name) => [name, themeNames[name]])}
            onChoose={(chosen) => {
              setTheme(chosen);
              applyTheme(chosen);
            }}
          />
          <SelectField
            label={more.settings.density}
            value={current.density}
            options={[
              ["cosy", more.settings.cosy],
              ["compact", more.settings.compact],
            ]}
            onChoose={(density) => setPreference("density", density)}
          />
          <SelectField
            label={more.settings.textSize}
            value={current.textSize}
            options={textSizes.map((size) => [size, more.settings.sizes[size]])}
            onChoose={(size) => setPreference("textSize", size)}
          />
          {chat.hasLinkPreviews ? (
            <SelectField
              label={more.settings.previews}
              value={current.previews}
              options={previewStyles.map((style) => [style, more.settings.previewStyles[style]])}
              onChoose={(style) => setPreference("previews", style)}
            />
          ) : null}
          <SelectField
            label={more.settings.clock}
            value={current.clock}
            options={clocks.map((clock) => [clock, more.settings.clocks[clock]])}
            onChoose={(clock) => setPreference("clock", clock)}
          />
          <ChoiceField
            label={more.settings.language}
            value={document.documentElement.lang}
            options={Object.entries(languages).map(([code, { name }]) => [code, name])}
            isLanguage
            onChoose={(chosen) => {
              if (!isLanguage(chosen)) return;
              keepLanguage(chosen);
              // The whole page was drawn in the former language, so it is loaded again.
              location.reload();
            }}
          />
        </div>
        <PreferenceCheck name="isNewestFirst" label={more.settings.newestFirst} />
        <PreferenceCheck name="hasToolbar" label={more.settings.formatting} />
      </section>
      <section className="settings-section">
        <h3>{more.settings.accessibility}</h3>
        <PreferenceCheck name="announces" label={more.settings.announce} />
        <PreferenceCheck name="reducesMotion" label={more.settings.motion} />
        {isTouch() ? null : <PreferenceCheck name="hasSingleKeys" label={more.settings.singleKeys} />}
      </section>
    </>
  );
}

/** A choice that acts at once and can be taken back as quickly. */
function SelectField<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, name: string])[];
  onChoose: (value: T) => void;
}) {
  return (
    <label className="form-field">
      <span>{props.label}</span>
      <select
        className="field"
        value={props.value}
        onInput={(event) => props.onChoose(event.currentTarget.value as T)}
      >
        {props.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
