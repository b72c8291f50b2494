/** The star on novaX's icon, as an SVG path in a square of 64. */
export const starPath =
  "M32 9c2 13.5 7.5 19 21 21.5C39.5 33 34 38.5 32 52c-2-13.5-7.5-19-21-21.5C24.5 28 30 22.5 32 9Z";
