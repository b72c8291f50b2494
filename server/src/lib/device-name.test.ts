import { expect, test } from "bun:test";
import { deviceName } from "./device-name.ts";

test("a browser is shown by its name and its system's", () => {
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
  const safari =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
  expect([deviceName(firefox), deviceName(safari)]).toEqual(["Firefox on Linux", "Safari on iOS"]);
});

test("text from an unknown User-Agent never gets into a list or a mail", () => {
  for (const text of [
    "",
    "Your account is locked. Unlock it at https://help.example/unlock now",
    "Call 555/1 Support/2",
    "x".repeat(256),
  ])
    expect(deviceName(text)).toBe("Unknown device");
});
