import type { Room } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { previewsPerMessageMax, previewUrlCharsMax } from "@novax/protocol/limits";
import { linksIn } from "@novax/protocol/markdown";
import { isDirect } from "@novax/protocol/permissions";
import type { PreviewMode } from "../config/read-config.ts";
import { Budgets } from "../lib/budgets.ts";
import type { Clock } from "../lib/clock.ts";

/** What a person's links may cause: so many requests at once, and then so many a second. */
const perPerson = { burst: 20, perSecond: 0.2 };
/** So that this server is no means to load another one. */
const perHost = { burst: 20, perSecond: 1 };

/** Decides which links get a preview. */
export class LinkPreviews {
  readonly mode: PreviewMode;
  readonly #ownOrigins: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #ofPerson: Budgets<AccountId>;
  readonly #ofHost: Budgets<string>;

  constructor({ clock, ownOrigins }: { clock: Clock; ownOrigins: ReadonlySet<string> }, mode: PreviewMode) {
    this.mode = mode;
    this.#ownOrigins = ownOrigins;
    this.#clock = clock;
    this.#ofPerson = new Budgets(clock, perPerson.perSecond, perPerson.burst);
    this.#ofHost = new Budgets(clock, perHost.perSecond, perHost.burst);
  }

  /** The first links of a text that can have previews: not those to this server, which the chat knows better. */
  linksOf(text: string): string[] {
    if (this.mode === "off") return [];
    return linksIn(text)
      .map(({ url }) => url)
      .filter((url) => url.length <= previewUrlCharsMax && !this.#ownOrigins.has(new URL(url).origin))
      .slice(0, previewsPerMessageMax);
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

  /** As {@link mayQueue}, for the host of a link, of all people. */
  mayFetch(link: string): boolean {
    return this.#ofHost.of(new URL(link).hostname).spend(1, this.#clock.now()) === 0;
  }
}
