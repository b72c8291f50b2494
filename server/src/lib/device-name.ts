import Bowser from "bowser";

/** What a person would call the browser that sent this User-Agent: "Firefox on Linux". */
export function deviceName(userAgent: string): string {
  if (userAgent === "") return "An unknown program";
  const { browser, os } = Bowser.parse(userAgent);
  if (!browser.name) return "An unknown program";
  return os.name ? `${browser.name} on ${os.name}` : browser.name;
}
