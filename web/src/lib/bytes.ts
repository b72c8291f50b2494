import { createByteFormat, isLanguage } from "@novax/protocol/language";

/** A size in bytes in the language of the page, such as "1.4 MB". */
export function formatBytes(bytes: number): string {
  const { lang } = document.documentElement;
  return createByteFormat(isLanguage(lang) ? lang : "en")(bytes);
}

/** A part of a whole, such as "45%". */
export function formatPercent(part: number): string {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(part);
}
