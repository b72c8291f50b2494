import type { Room } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { previewsPerMessageMax, previewUrlCharsMax } from "@novax/protocol/limits";
import { linksIn } from "@novax/protocol/markdown";
import { isDirect } from "@novax/protocol/permissions";
import type { PreviewMode } from "../config/read-config.ts";
import { Budgets } from "../lib/budgets.ts";
import type { Clock } from "../lib/clock.ts";

/** So many links of a person at once, and then so many a second. */
const perPerson = { burst: 20, perSecond: 0.2 };
/** So many requests to an address, whatever names it has: this server must be no means to load another one. */
const perAddress = { burst: 30, perSecond: 2 };

/** Decides which links get a preview. */
export class LinkPreviews {
  readonly mode: PreviewMode;
  readonly #ownOrigins: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #ofPerson: Budgets<AccountId>;
  readonly #ofAddress: Budgets;

  constructor({ clock, ownOrigins }: { clock: Clock; ownOrigins: ReadonlySet<string> }, mode: PreviewMode) {
    this.mode = mode;
    this.#ownOrigins = ownOrigins;
    this.#clock = clock;
    this.#ofPerson = new Budgets(clock, perPerson.perSecond, perPerson.burst);
    this.#ofAddress = new Budgets(clock, perAddress.perSecond, perAddress.burst);
  }

  /** The budgets that hold over all processes, by their names. */
  get budgets(): Record<string, Budgets> {
    return { previewsOfPerson: this.#ofPerson, previewsOfAddress: this.#ofAddress };
  }

  /** The first links of a text that can have previews: not those to this server, which the chat knows better. */
  linksOf(text: string): string[] {
    if (this.mode === "off") return [];
    const pages = new Map<string, string>();
    for (const { url } of linksIn(text)) {
      const page = pageOf(new URL(url));
      if (url.length <= previewUrlCharsMax && !this.#isOwn(page) && !pages.has(page.href))
        pages.set(page.href, url);
    }
    return [...pages.values()].slice(0, previewsPerMessageMax);
  }

  /** Whether links in a room's messages get previews. In direct rooms nobody could allow it but the operator. */
  areIn({ kind, hasLinkPreviews, isArchived }: Room): boolean {
    if (this.mode === "off" || isArchived) return false;
    return isDirect(kind) ? this.mode === "all" : hasLinkPreviews;
  }

  /** Counts links of a person. Returns whether they may be fetched: who sends many gets no more previews for a while. */
  mayQueue(person: AccountId, links: number): boolean {
    return this.#ofPerson.of(person).spend(links, this.#clock.now()) === 0;
  }

  /** Whether a page or a picture may be asked for now, at the address that its host has. It counts as a request. */
  mayConnect(url: URL, address: string): boolean {
    return !this.#isOwn(url) && this.#ofAddress.of(address).spend(1, this.#clock.now()) === 0;
  }

  #isOwn(url: URL): boolean {
    return this.#ownOrigins.has(pageOf(url).origin);
  }
}

/** Without what makes no difference to its server. */
function pageOf(url: URL): URL {
  const page = new URL(url);
  page.hash = "";
  page.hostname = page.hostname.replace(/\.$/, "");
  return page;
}
