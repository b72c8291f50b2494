import { expect, test } from "bun:test";
import { plainDigits } from "./digits.ts";

test("[B6] digits of every width and script are digits", () => {
  for (const digits of [
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "۰۱۲۳۴۵۶۷۸۹",
    "०१२३४५६७८९",
    "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
    "᪀᪁᪂᪃᪄᪅᪆᪇᪈᪉",
    "᪐᪑᪒᪓᪔᪕᪖᪗᪘᪙",
  ])
    expect(plainDigits(digits), digits).toBe("0123456789");
  expect(plainDigits("AB-12 x")).toBe("AB-12 x");
});
