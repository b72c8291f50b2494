// The supported languages and helpers for text catalogues. A language is one file of the same shape as the English one,
// in the server and in the client. The compiler reports missing texts.

export const languages = {
  en: { name: "English", direction: "ltr" },
  de: { name: "Deutsch", direction: "ltr" },
} as const;
export type Language = keyof typeof languages;

export function isLanguage(text: string | null | undefined): text is Language {
  return typeof text === "string" && Object.hasOwn(languages, text);
}

/**
 * Returns the supported language that an `Accept-Language` header (RFC 9110, 12.5.4) prefers. English if it names none.
 */
export function chooseLanguage(header: string | null): Language {
  const wanted = (header ?? "")
    .slice(0, 300)
    .split(",")
    .map((part, index) => {
      const [tag = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { language: tag.split("-")[0], weight: quality === undefined ? 1 : Number(quality), index };
    });
  const [best] = wanted
    .filter(({ language, weight }) => isLanguage(language) && weight > 0)
    .sort((a, b) => b.weight - a.weight || a.index - b.index);
  return isLanguage(best?.language) ? best.language : "en";
}

/** The shape of a catalogue without its concrete texts. */
export type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { [K in keyof T]: Widen<T[K]> };

const byteUnits = ["B", "kB", "MB", "GB", "TB"] as const;

/** Returns a function that writes a size in bytes with at most one decimal, such as "1.4 MB". */
export function createByteFormat(language: Language) {
  const rounded = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  return (bytes: number): string => {
    let unit = 0;
    let value = bytes;
    // Rounded first: 999,999 bytes are 1 MB, not 1,000 kB.
    while (Math.round(value) >= 1000 && unit < byteUnits.length - 1) {
      value /= 1000;
      unit += 1;
    }
    const format = unit >= 2 && value < 100 ? rounded : whole;
    return `${format.format(value)}\u00a0${byteUnits[unit]}`;
  };
}

/** Returns a function that picks the plural form for a number and replaces `#` with the number. */
export function createPlural(language: Language) {
  const rules = new Intl.PluralRules(language);
  return (count: number, forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }): string =>
    (forms[rules.select(count)] ?? forms.other).replace("#", count.toLocaleString(language));
}
