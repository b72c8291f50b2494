/** A room's icon: a letter, a digit or an emoji. As HTML's `pattern` takes it. */
export const iconPattern = "\\p{L}|\\p{N}|\\p{RGI_Emoji}";
const icon = new RegExp(`^(?:${iconPattern})?$`, "v");

/** Whether a text can be a room's icon, or is none. */
export function isIcon(text: string): boolean {
  return icon.test(text);
}
