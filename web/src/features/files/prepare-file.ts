import { pictureBytesMax, picturePixelsMax, pictureSidePxMax } from "@novax/protocol/limits";
import type { LocalFacts } from "../../stores/upload.ts";
import type { Prepare } from "../../stores/uploads.ts";

/** What the server encodes anew, and what every browser decodes. */
const pictureTypes: readonly string[] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];
/** A picture that is too large is made this large at most: enough for any screen. */
const scaledSidePx = 4096;
const scaledQuality = 0.9;
const posterSidePx = 1280;
const mediaWithinMs = 4000;

/**
 * Finds out how a file is shown, by the browser's own decoders: sizes are known before it is sent, so that nothing moves
 * later. A picture that the server would refuse as too large is made smaller; its sender can send it as a file instead.
 */
export const prepareFile: Prepare = async (blob) => {
  if (pictureTypes.includes(blob.type)) {
    const prepared = await preparePicture(blob).catch(() => null);
    if (prepared) return prepared;
  }
  const kind = blob.type.startsWith("video/") ? "video" : blob.type.startsWith("audio/") ? "audio" : null;
  if (kind) {
    const facts = await measureMedia(blob, kind).catch(() => null);
    if (facts) return { blob, facts, isScaled: false };
  }
  return { blob, facts: { kind: "file" }, isScaled: false };
};

async function preparePicture(blob: Blob): ReturnType<Prepare> {
  const { width, height } = await measurePicture(blob);
  const facts = { kind: "picture", width, height } as const;
  const isTooLarge =
    width * height > picturePixelsMax ||
    Math.max(width, height) > pictureSidePxMax ||
    blob.size > pictureBytesMax;
  if (!isTooLarge || blob.type === "image/gif") return { blob, facts, isScaled: false };
  const scale = Math.min(1, scaledSidePx / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const bitmap = await createImageBitmap(blob, {
    resizeWidth: size.width,
    resizeHeight: size.height,
    resizeQuality: "high",
  });
  try {
    const canvas = new OffscreenCanvas(size.width, size.height);
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
    const type = blob.type === "image/png" ? "image/webp" : "image/jpeg";
    const scaled = await canvas.convertToBlob({ type, quality: scaledQuality });
    return { blob: scaled, facts: { ...facts, ...size }, isScaled: true };
  } finally {
    bitmap.close();
  }
}

/** The size of a picture as it is shown, turned the right way. Decodes no more than its head. */
async function measurePicture(blob: Blob): Promise<{ width: number; height: number }> {
  const url = URL.createObjectURL(blob);
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = url;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function measureMedia(blob: Blob, kind: "audio" | "video"): Promise<LocalFacts> {
  return withMedia(blob, kind, async (media) => {
    const { duration } = media;
    const length = Number.isFinite(duration) ? { durationMs: Math.round(duration * 1000) } : {};
    if (!(media instanceof HTMLVideoElement) || media.videoWidth === 0) return { kind, ...length };
    return { kind, ...length, width: media.videoWidth, height: media.videoHeight };
  });
}

/** Makes a still picture of a video from soon after its beginning, which is often black. Null if there is none. */
export function makePoster(video: Blob): Promise<Blob | null> {
  return withMedia(video, "video", async (media) => {
    if (!(media instanceof HTMLVideoElement) || media.videoWidth === 0) return null;
    const isShown = new Promise((resolve, reject) => {
      media.onseeked = resolve;
      media.onerror = reject;
      setTimeout(reject, mediaWithinMs);
    });
    media.currentTime = Number.isFinite(media.duration) ? Math.min(1, media.duration / 3) : 0.1;
    await isShown;
    const scale = Math.min(1, posterSidePx / Math.max(media.videoWidth, media.videoHeight));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(media.videoWidth * scale)),
      Math.max(1, Math.round(media.videoHeight * scale)),
    );
    canvas.getContext("2d")!.drawImage(media, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: scaledQuality });
  });
}

async function withMedia<T>(
  blob: Blob,
  kind: "audio" | "video",
  use: (media: HTMLMediaElement) => Promise<T>,
): Promise<T> {
  const url = URL.createObjectURL(blob);
  const media = document.createElement(kind);
  media.preload = "auto";
  media.muted = true;
  try {
    await new Promise((resolve, reject) => {
      media.onloadeddata = resolve;
      media.onerror = reject;
      setTimeout(reject, mediaWithinMs);
      media.src = url;
    });
    return await use(media);
  } finally {
    media.removeAttribute("src");
    media.load();
    URL.revokeObjectURL(url);
  }
}
