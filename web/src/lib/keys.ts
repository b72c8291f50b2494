/** Whether a key means to search for messages, wherever the focus is. */
export function isSearchKey(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "f";
}
