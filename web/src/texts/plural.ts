/** One of the forms that a language has for numbers, with the number in the place of `#`. */
export function createPlural(language: string) {
  const rules = new Intl.PluralRules(language);
  return (count: number, forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }): string =>
    (forms[rules.select(count)] ?? forms.other).replace("#", String(count));
}
