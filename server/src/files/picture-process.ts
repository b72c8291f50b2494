// A process of its own that decodes pictures from strangers. It gets an empty environment, knows no secret and opens no
// connection; the server kills it when a picture takes too long or too much memory. One picture at a time.
import sharp from "sharp";
import { rgbaToThumbHash } from "thumbhash";
import type { PictureJob, PictureOutcome } from "./picture-worker.ts";

const loaders = ["Jpeg", "Png", "Webp", "Gif", "Nsgif", "Heif"];
const previewSidePx = 800;
/** Of a long strip, such as a picture of a whole page: its short side is at least so large, its long side at most. */
const previewShortPx = 320;
const previewLongPx = 2400;
const placeholderSidePx = 100;
/** Decoding these takes much more memory for the same size; measured in decision 0024. */
const interlacedPixelsMax = 25_000_000;
const avifPixelsMax = 5_000_000;
const avatarSidePx = 512;
const emojiSidePx = 128;
/** Of a link's preview, which is shown in a small card: twice as large, for fine screens. */
const linkSidePx = 400;

sharp.cache(false);
sharp.concurrency(1);
// Only the formats that people send; libvips reads dozens of others.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });

process.on("message", (job: PictureJob) => {
  void run(job)
    .catch((): PictureOutcome => ({ kind: "unreadable" }))
    .then((outcome) => process.send!(outcome));
});
process.on("disconnect", () => process.exit(0));
process.send!("ready");

async function run({
  input,
  output,
  preview,
  use,
  sidePxMax,
  pixelsMax,
}: PictureJob): Promise<PictureOutcome> {
  const meta = await sharp(input, { limitInputPixels: false }).metadata();
  const { format, width, height: pageHeight, pages = 1 } = meta;
  const height = meta.pageHeight ?? pageHeight;
  if (!width || !height) return { kind: "unreadable" };
  const isAvif = format === "heif";
  const pixels = width * height;
  const limit = isAvif
    ? avifPixelsMax
    : meta.isProgressive
      ? Math.min(interlacedPixelsMax, pixelsMax)
      : pixelsMax;
  if (width > sidePxMax || height > sidePxMax || pixels > limit) return { kind: "too_large" };
  // A picture with many large frames keeps its first one.
  const isAnimated = pages > 1 && pixels * pages <= pixelsMax && (format === "gif" || format === "webp");
  const open = (animated: boolean) =>
    sharp(input, { animated, limitInputPixels: pixelsMax, failOn: "error" }).autoOrient().keepIccProfile();

  if (use !== "message") {
    const side = { emoji: emojiSidePx, portrait: avatarSidePx, preview: linkSidePx }[use];
    const isCut = use === "portrait";
    const info = await open(isAnimated && use === "emoji")
      .resize(side, side, { fit: isCut ? "cover" : "inside", withoutEnlargement: !isCut })
      .webp({ quality: 82, effort: 3 })
      .toFile(output);
    return {
      kind: "done",
      type: "image/webp",
      width: info.width,
      height: info.pageHeight ?? info.height,
      isAnimated: isAnimated && use === "emoji",
      placeholder: "",
    };
  }

  const whole = open(isAnimated);
  const encoded =
    format === "jpeg"
      ? whole.jpeg({ quality: 85 })
      : format === "png"
        ? whole.png({ compressionLevel: 7 })
        : format === "gif" && isAnimated
          ? whole.gif({ effort: 3 })
          : whole.webp({ quality: 85, effort: 3 });
  const info = await encoded.toFile(output);
  const ratio = Math.max(width, height) / Math.min(width, height);
  const previewPx = Math.round(Math.min(previewLongPx, Math.max(previewSidePx, previewShortPx * ratio)));
  const still = await open(false)
    .resize(previewPx, previewPx, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: 78, effort: 3 })
    .toFile(preview);
  const tiny = await sharp(preview)
    .resize(placeholderSidePx, placeholderSidePx, { fit: "inside" })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const hash = rgbaToThumbHash(tiny.info.width, tiny.info.height, tiny.data);
  // What was drawn says which side is up: the file's own numbers are from before it was turned.
  const isTurned = still.width > still.height !== width > height && width !== height;
  return {
    kind: "done",
    type: `image/${info.format}`,
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    isAnimated,
    placeholder: Buffer.from(hash).toString("base64"),
  };
}
