/** Ctrl+E, B and K move the caret on macOS, and there every command is on Cmd. */
export const isMac = /^(Mac|iPhone|iPad)/.test(navigator.platform);

/**
 * Returns the key in lower case; for a letter of another script, the Latin one at the same place of the keyboard. With any
 * Latin layout it is the letter on the key.
 */
export function latinKey({ key, code }: Pick<KeyboardEvent, "key" | "code">): string {
  const isForeign = key.length === 1 && key > "\x7f" && /^Key[A-Z]$/.test(code);
  return (isForeign ? code.slice(3) : key).toLowerCase();
}

/** Whether the key is held that makes another one a command: Cmd on macOS, otherwise Ctrl. */
export function isCommand(event: Pick<KeyboardEvent, "ctrlKey" | "metaKey">): boolean {
  return isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey || event.metaKey;
}

/** Whether a key means to search for messages, wherever the focus is. */
export function isSearchKey(event: KeyboardEvent): boolean {
  return isCommand(event) && event.shiftKey && latinKey(event) === "f";
}
