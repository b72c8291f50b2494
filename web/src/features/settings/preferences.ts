// This browser's settings for the page. They depend on its screen and its sound, so they are not sent to the server.
import { signal } from "@preact/signals";
import { type Clock, setClock } from "../../lib/time.ts";

export const textSizes = ["small", "normal", "large", "larger", "largest"] as const;

export const previewStyles = ["cards", "titles", "off"] as const;

export const clocks = ["auto", "h12", "h23"] as const satisfies readonly Clock[];

export type Preferences = {
  /** How hours are counted. */
  clock: Clock;
  density: "cosy" | "compact";
  textSize: (typeof textSizes)[number];
  hasSound: boolean;
  hasTitleCount: boolean;
  announces: boolean;
  reducesMotion: boolean;
  hasSingleKeys: boolean;
  hasToolbar: boolean;
  /** How previews of links are shown. */
  previews: (typeof previewStyles)[number];
  /** Whether rooms are ordered by their newest message. */
  isNewestFirst: boolean;
  /** The width of the room list in a wide window, in CSS pixels. */
  /** In pixels, with text of the usual size. */
  sidebarWidth: number;
};

export const sidebarWidths = { min: 200, max: 400, normal: 264 };

const key = "preferences";
const defaults: Preferences = {
  clock: "auto",
  density: "cosy",
  textSize: "normal",
  hasSound: true,
  hasTitleCount: true,
  announces: true,
  reducesMotion: false,
  hasSingleKeys: true,
  hasToolbar: true,
  previews: "cards",
  isNewestFirst: false,
  sidebarWidth: sidebarWidths.normal,
};

export const preferences = signal<Preferences>(defaults);

/** Reads the stored settings, and applies them to the page. */
export function loadPreferences(): void {
  try {
    preferences.value = {
      ...defaults,
      ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Preferences>),
    };
  } catch {
    // Without storage the defaults apply.
  }
  preferences.subscribe(({ clock, density, textSize, reducesMotion, previews, sidebarWidth }) => {
    const { dataset, style } = document.documentElement;
    setClock(clock);
    style.setProperty("--sidebar-width", `${sidebarWidth / 16}rem`);
    dataset.density = density;
    dataset.textSize = textSize;
    dataset.previews = previews;
    dataset.motion = reducesMotion ? "reduced" : "full";
  });
}

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  preferences.value = { ...preferences.peek(), [name]: value };
  try {
    localStorage.setItem(key, JSON.stringify(preferences.peek()));
  } catch {
    // It lasts as long as the page does.
  }
}
