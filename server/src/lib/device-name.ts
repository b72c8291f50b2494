import Bowser from "bowser";
import { type Texts, textsIn } from "../texts/texts.ts";

// The sender chooses the User-Agent, and it is shown in lists and mails: only known names are repeated.
const browsers = new Set(Object.values(Bowser.BROWSER_MAP));
const systems = new Set(Object.values(Bowser.OS_MAP));

/** A readable name for the browser that sent this User-Agent, such as "Firefox on Linux". */
export function deviceName(userAgent: string, t: Texts["parts"] = textsIn("en").parts): string {
  if (userAgent === "") return t.unknownProgram;
  const { browser, os } = Bowser.parse(userAgent);
  if (!browser.name || !browsers.has(browser.name)) return t.unknownProgram;
  return os.name && systems.has(os.name) ? t.browserOn(browser.name, os.name) : browser.name;
}
