import type { JoinedRoom } from "@novax/protocol/entities";
import { messageTextCharsMax } from "@novax/protocol/limits";
import { isDirect } from "@novax/protocol/permissions";
import { outsideCode } from "../../lib/outside-code.ts";

/**
 * Turns the rooms that a text names as `#Name` into links, so that the text stays readable while it is written and is a
 * link once it is sent. The link has no host: it stays right if the server moves, or has another name where it is read.
 * Returns the text. Code, addresses, links and escaped text stay as they are. So does a text that
 * would become too long.
 */
export function linkRooms(text: string, rooms: Iterable<JoinedRoom>): string {
  if (!text.includes("#")) return text;
  const named = [...rooms].filter((room) => !isDirect(room.kind));
  if (named.length === 0) return text;
  const byName = new Map(named.map((room) => [room.name.toLowerCase(), room]));
  // The longest name is tried first, so that "#New office" is not taken for "#New".
  const names = [...byName.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  const name = new RegExp(
    `(?<![\\p{L}\\p{N}_[/&])#(${names.join("|")})(?![\\p{L}\\p{N}\\p{M}_]|[-.'’/][\\p{L}\\p{N}])`,
    "giu",
  );
  const linked = outsideCode(text, (part) =>
    part.replace(name, (_, found: string) => {
      const room = byName.get(found.toLowerCase())!;
      return `[#${room.name.replace(/[[\]\\]/g, "\\$&")}](/chat/${room.id})`;
    }),
  );
  return linked.length > messageTextCharsMax ? text : linked;
}
