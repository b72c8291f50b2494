import type { FileInfo } from "@novax/protocol/files";

const charsMax = 5;

/** What kind of file it is, in a few letters: the ending of its name. */
export function kindMark({ name }: Pick<FileInfo, "name">): string {
  const ending = /\.([^. ]+)$/.exec(name)?.[1] ?? "";
  return ending.length > charsMax || ending === "" ? "•••" : ending;
}
