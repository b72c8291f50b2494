/** How many colours there are for people and rooms without a picture. */
export const hueSteps = 24;

/** Returns the number of the colour of an id: always the same for the same id, and spread evenly. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % hueSteps;
}

/** Returns how far two colours are from each other in the circle of them: 0 to half of `hueSteps`. */
export function hueDistance(a: number, b: number): number {
  const apart = Math.abs(a - b);
  return Math.min(apart, hueSteps - apart);
}
