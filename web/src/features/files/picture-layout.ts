import type { FileInfo } from "@novax/protocol/files";

const widthMax = 400;
const heightMax = 320;
/** A narrow strip is shown larger than it is, so that it can be seen and pressed. */
const sideMin = 72;

/** The size at which one picture or video is shown, in CSS pixels: never larger than it is, unless it is tiny. */
export function pictureBox({ width = 320, height = 180 }: Pick<FileInfo, "width" | "height">): {
  width: number;
  height: number;
} {
  const scale = Math.min(1, widthMax / width, heightMax / height);
  return {
    width: Math.round(Math.min(widthMax, Math.max(sideMin, width * scale))),
    height: Math.round(Math.min(heightMax, Math.max(sideMin, height * scale))),
  };
}

/** Whether what is behind a picture can be seen through it. Its ThumbHash says so in one bit. */
export function isTransparent({ placeholder }: Pick<FileInfo, "placeholder">): boolean {
  return placeholder !== undefined && atob(placeholder).charCodeAt(2) > 127;
}

/** In how many columns so many pictures are shown. */
export function columnsOf(count: number): number {
  return count <= 1 ? 1 : count === 2 || count === 4 ? 2 : 3;
}

/** What the box of a file looks like. */
export function shapeOf(file: FileInfo): "video" | "audio" | "card" {
  return file.kind === "video" ? "video" : file.kind === "audio" ? "audio" : "card";
}
