/** The word filter that the server's owners and admins set up. */
export type TextFilter = {
  /** Asserts that none of these texts contains a blocked word. Refuses with `message_filtered`. */
  assertAllowed(...texts: readonly (string | undefined)[]): void;
};
