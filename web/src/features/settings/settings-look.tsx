import { isLanguage, languages } from "@novax/protocol/language";
import { useState } from "preact/hooks";
import { ChoiceField } from "../../components/choice-field.tsx";
import { more } from "../../texts/more.ts";
import { PreferenceCheck } from "./preference-check.tsx";
import {
  clocks,
  type Preferences,
  preferences,
  previewStyles,
  setPreference,
  textSizes,
} from "./preferences.ts";
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
          <label className="form-field">
            <span>{more.settings.theme}</span>
            <select
              className="field"
              value={theme}
              onInput={(event) => {
                const chosen = event.currentTarget.value as Theme;
                setTheme(chosen);
                applyTheme(chosen);
              }}
            >
              {themes.map((name) => (
                <option key={name} value={name}>
                  {themeNames[name]}
                </option>
              ))}
            </select>
          </label>
          <label className="form-field">
            <span>{more.settings.density}</span>
            <select
              className="field"
              value={current.density}
              onInput={(event) =>
                setPreference("density", event.currentTarget.value === "compact" ? "compact" : "cosy")
              }
            >
              <option value="cosy">{more.settings.cosy}</option>
              <option value="compact">{more.settings.compact}</option>
            </select>
          </label>
          <label className="form-field">
            <span>{more.settings.textSize}</span>
            <select
              className="field"
              value={current.textSize}
              onInput={(event) =>
                setPreference("textSize", event.currentTarget.value as Preferences["textSize"])
              }
            >
              {textSizes.map((size) => (
                <option key={size} value={size}>
                  {more.settings.sizes[size]}
                </option>
              ))}
            </select>
          </label>
          {chat.hasLinkPreviews ? (
            <label className="form-field">
              <span>{more.settings.previews}</span>
              <select
                className="field"
                value={current.previews}
                onInput={(event) =>
                  setPreference("previews", event.currentTarget.value as Preferences["previews"])
                }
              >
                {previewStyles.map((style) => (
                  <option key={style} value={style}>
                    {more.settings.previewStyles[style]}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <label className="form-field">
            <span>{more.settings.clock}</span>
            <select
              className="field"
              value={current.clock}
              onInput={(event) => {
                setPreference("clock", event.currentTarget.value as Preferences["clock"]);
              }}
            >
              {clocks.map((clock) => (
                <option key={clock} value={clock}>
                  {more.settings.clocks[clock]}
                </option>
              ))}
            </select>
          </label>
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
        <PreferenceCheck name="hasSingleKeys" label={more.settings.singleKeys} />
      </section>
    </>
  );
}
