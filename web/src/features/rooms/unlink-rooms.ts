const roomLink = /\[(#(?:\\.|[^\]\\])+)\]\((?:https?:\/\/[^/\s)]+)?\/chat\/[a-z0-9-]{1,64}\)/g;

/** Returns a text with its links to rooms as they were typed: `#Name`. The reverse of `linkRooms`. */
export function unlinkRooms(text: string): string {
  return text.includes("](")
    ? text.replace(roomLink, (_, name: string) => name.replace(/\\(.)/g, "$1"))
    : text;
}
