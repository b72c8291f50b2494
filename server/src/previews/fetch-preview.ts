import { previewTitleCharsMax } from "@novax/protocol/limits";
import type { Clock } from "../lib/clock.ts";
import { type Outgoing, OutgoingError } from "../outgoing/outgoing.ts";
import type { LinkPreviews } from "./link-previews.ts";
import { type PageWords, readPage, toWords } from "./read-page.ts";

/** What was found behind a link. */
export type FetchedPreview = Pick<PageWords, "title" | "text"> & {
  url: string;
  /** As it was sent, to be decoded with care. */
  picture: Uint8Array<ArrayBuffer> | null;
};

/** For the page and its picture together. */
const withinMs = 5000;
const pageBytesMax = 512 * 1024;
const pictureBytesMax = 1024 * 1024;
const pageTypes = ["text/html", "application/xhtml+xml"];
const pictureTypes = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

/**
 * Fetches the page behind a link, and its picture. Null if there is none that says anything: what is refused, too slow or no page
 * is no fault of the message. Rejects if this server is being stopped.
 */
export async function fetchPreview(
  { outgoing, clock, linkPreviews }: { outgoing: Outgoing; clock: Clock; linkPreviews: LinkPreviews },
  link: string,
): Promise<FetchedPreview | null> {
  const until = clock.now() + withinMs;
  const mayConnect = (url: URL, address: string) => linkPreviews.mayConnect(url, address);
  const get = async (
    url: string | URL,
    types: readonly string[],
    bounds: { bytesMax: number; isCut: boolean },
  ) => {
    const timeoutMs = until - clock.now();
    if (timeoutMs <= 0) return null;
    try {
      const accept = `${types.join(", ")}, */*;q=0.1`;
      const answer = await outgoing.fetch(url, {
        ...bounds,
        types,
        timeoutMs,
        headers: { accept },
        mayConnect,
      });
      return answer.status === 200 && types.includes(answer.type) ? answer : null;
    } catch (error) {
      if (error instanceof OutgoingError && error.code !== "stopped") return null;
      throw error;
    }
  };
  const answer = await get(link, [...pageTypes, ...pictureTypes], { bytesMax: pictureBytesMax, isCut: true });
  if (!answer) return null;
  if (pictureTypes.includes(answer.type)) {
    if (answer.body.byteLength === pictureBytesMax) return null;
    const title = toWords(nameIn(answer.url), previewTitleCharsMax);
    return { url: link, title, text: "", picture: answer.body };
  }
  const charset =
    /charset\s*=\s*"?([\w-]{1,40})/i.exec(answer.headers.get("content-type") ?? "")?.[1] ?? null;
  const page = readPage(answer.body.subarray(0, pageBytesMax), { url: answer.url, charset });
  if (!page) return null;
  const picture =
    page.picture && (await get(page.picture, pictureTypes, { bytesMax: pictureBytesMax, isCut: false }));
  return { url: link, title: page.title, text: page.text, picture: picture?.body ?? null };
}

/** The last part of an address, as a name for what is there. */
function nameIn(url: URL): string {
  const last = url.pathname.split("/").findLast((part) => part !== "");
  try {
    return decodeURIComponent(last ?? url.host);
  } catch {
    return last ?? url.host;
  }
}
