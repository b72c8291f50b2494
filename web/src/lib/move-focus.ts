/**
 * Moves the focus through items by the arrow keys, Home and End, so that together they are one stop of Tab. Returns
 * whether the key did so.
 */
export function moveFocus(
  event: KeyboardEvent,
  items: readonly HTMLElement[],
  { isSideways = false }: { isSideways?: boolean } = {},
): boolean {
  const index = items.indexOf(document.activeElement as HTMLElement);
  if (index < 0 || event.altKey || event.ctrlKey || event.metaKey) return false;
  const sides = ["ArrowLeft", "ArrowRight"] as const;
  const isRtl = getComputedStyle(items[0]!).direction === "rtl";
  const [back, forward] = isSideways ? (isRtl ? sides.toReversed() : sides) : ["ArrowUp", "ArrowDown"];
  const target = { [back!]: index - 1, [forward!]: index + 1, Home: 0, End: items.length - 1 }[event.key];
  if (target === undefined) return false;
  event.preventDefault();
  items[Math.min(Math.max(target, 0), items.length - 1)]!.focus();
  return true;
}
