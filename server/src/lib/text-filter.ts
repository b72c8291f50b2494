/** Keeps texts out that the owners of the server do not want. */
export type TextFilter = {
  /** Asserts that none of these texts has a blocked word. Refuses with `message_filtered`. */
  assertAllowed(...texts: readonly (string | undefined)[]): void;
};
