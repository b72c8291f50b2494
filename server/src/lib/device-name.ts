import Bowser from "bowser";

// A User-Agent says what its sender likes, and it is shown in lists and mails: only names that are known are repeated.
const browsers = new Set(Object.values(Bowser.BROWSER_MAP));
const systems = new Set(Object.values(Bowser.OS_MAP));

/** What a person would call the browser that sent this User-Agent: "Firefox on Linux". */
export function deviceName(userAgent: string): string {
  if (userAgent === "") return "An unknown program";
  const { browser, os } = Bowser.parse(userAgent);
  if (!browser.name || !browsers.has(browser.name)) return "An unknown program";
  return os.name && systems.has(os.name) ? `${browser.name} on ${os.name}` : browser.name;
}
