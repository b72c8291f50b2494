/**
 * How many letters are too many, missing, wrong or swapped with the next (the distance of Damerau and Levenshtein, without
 * changes inside of swapped letters). More than `max` is `max + 1`.
 */
export function mistakesBetween(a: string, b: string, max: number): number {
  const far = max + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = new Array<number>(b.length + 1).fill(far);
    row[0] = i;
    let least = i;
    // Further from the diagonal there are more than `max` anyway.
    for (let j = Math.max(1, i - max); j <= Math.min(b.length, i + max); j++) {
      const isSame = a[i - 1] === b[j - 1];
      let mistakes = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        mistakes = Math.min(mistakes, before[j - 2]! + 1);
      row[j] = mistakes;
      least = Math.min(least, mistakes);
    }
    if (least > max) return far;
    before = last;
    last = row;
  }
  return Math.min(last[b.length]!, far);
}
