/** A room's icon is a letter, a digit or an emoji. Written for the `pattern` attribute of HTML. */
export const iconPattern = "\\p{L}|\\p{N}|\\p{RGI_Emoji}";
const icon = new RegExp(`^(?:${iconPattern})?$`, "v");

/** Returns whether a text can be a room's icon. The empty text can: the room then has none. */
export function isIcon(text: string): boolean {
  return icon.test(text);
}
