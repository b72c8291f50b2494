const isDigit = (point: number) => /\p{Nd}/u.test(String.fromCodePoint(point));

/**
 * Returns a code as it was meant: full-width digits and those of other scripts, which a keyboard may produce, are the
 * digits 0 to 9.
 */
export function plainDigits(text: string): string {
  // NFKC maps all that are written without a row of ten of their own.
  return text.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => {
    const point = digit.codePointAt(0)!;
    let value = 0;
    while (value < 9 && isDigit(point - value - 1)) value += 1;
    return String(value);
  });
}
