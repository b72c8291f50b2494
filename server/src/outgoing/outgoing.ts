import { isIP } from "node:net";
import { isPublicAddress } from "./public-address.ts";
import { readBounded, TooLarge } from "./read-bounded.ts";
import type { ResolveHost } from "./resolve-host.ts";

const redirectsMax = 3;
const usualPorts: readonly string[] = ["", "80", "443"];
const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/** So many addresses of a host are tried, one after the other. */
const addressesMax = 4;
/** The machine or its network is not there, so nothing of a request has arrived. */
const unconnected: readonly unknown[] = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"];

/** Why nothing was fetched. */
export type OutgoingFault =
  | "address_not_allowed"
  | "url_not_allowed"
  | "unknown_host"
  | "unreachable"
  | "too_slow"
  | "too_large"
  | "too_many_redirects"
  | "not_now"
  | "stopped"
  | "bad_answer";

/** A request that was not sent, or whose answer was not taken. The message names no address and no part of the URL. */
export class OutgoingError extends Error {
  override readonly name = "OutgoingError";
  readonly code: OutgoingFault;

  constructor(code: OutgoingFault) {
    super(code);
    this.code = code;
  }
}

export type OutgoingRequest = {
  method?: "GET" | "POST";
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array<ArrayBuffer>;
  /** For all of it: the names, the connections and the body. */
  timeoutMs: number;
  /** Of the body, as it is sent and as it is unpacked. What is longer is refused, or cut if `isCut`. */
  bytesMax: number;
  isCut?: boolean;
  /** Media types of a body that is read; of any other answer only the head is. All if it is left out. */
  types?: readonly string[];
  /**
   * The operator named the URL's origin, so it may be inside their network, on any port. That is not so for what it
   * redirects to.
   */
  isTrusted?: boolean;
  /** Asked before each connection, also after redirects; false refuses it. `address` is where the host is. */
  mayConnect?: (url: URL, address: string) => boolean;
};

export type OutgoingResponse = {
  status: number;
  /** After redirects. */
  url: URL;
  headers: Headers;
  /** Its media type in small letters without parameters, or "". */
  type: string;
  /** Empty if the type is none of those asked for. */
  body: Uint8Array<ArrayBuffer>;
};

export type OutgoingOptions = {
  resolve: ResolveHost;
  userAgent: string;
  /** Addresses that are not public, but allowed by the operator, on any port. */
  isAllowed: (address: string) => boolean;
};

/**
 * The only way to servers whose address somebody else chose: a page to preview, a push service. A host is resolved
 * once, every address it has must be public, and the connection is made to the first of these that takes it and to no other,
 * whatever the name means by then. Each of at most three redirects is checked in the same way. No cookies, no credentials, no proxy; time,
 * bytes and unpacked bytes are bounded.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #stopped = new AbortController();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Returns the answer, whatever its status. Throws an `OutgoingError`. */
  async fetch(address: string | URL, request: OutgoingRequest): Promise<OutgoingResponse> {
    const signal = AbortSignal.any([AbortSignal.timeout(request.timeoutMs), this.#stopped.signal]);
    try {
      let url = readUrl(address);
      const { origin } = url;
      for (let redirects = 0; ; redirects++) {
        const isTrusted = request.isTrusted === true && url.origin === origin;
        const response = await this.#send(url, { ...request, isTrusted }, signal);
        const next = redirectStatuses.includes(response.status) ? response.headers.get("location") : null;
        if (next === null || request.method === "POST") return await readResponse(url, response, request);
        await response.body?.cancel();
        if (redirects === redirectsMax) throw new OutgoingError("too_many_redirects");
        url = readUrl(next, url);
      }
    } catch (error) {
      if (error instanceof OutgoingError) throw error;
      if (error instanceof TooLarge) throw new OutgoingError("too_large");
      if (this.#stopped.signal.aborted) throw new OutgoingError("stopped");
      throw new OutgoingError(signal.aborted ? "too_slow" : "unreachable");
    }
  }

  /** Gives up what is on its way, so that nobody else's server delays the end of this one. */
  stop(): void {
    this.#stopped.abort();
  }

  async #send(url: URL, request: OutgoingRequest, signal: AbortSignal): Promise<Response> {
    const addresses = await this.#addressesOf(url, request, signal);
    if (request.mayConnect?.(url, addresses[0]!) === false) throw new OutgoingError("not_now");
    for (const [at, ip] of addresses.entries()) {
      try {
        return await this.#connect(url, ip, { ...request, signal });
      } catch (error) {
        if (at === addresses.length - 1 || !unconnected.includes((error as { code?: string }).code))
          throw error;
      }
    }
    throw new OutgoingError("unreachable");
  }

  async #connect(
    url: URL,
    ip: string,
    request: OutgoingRequest & { signal: AbortSignal },
  ): Promise<Response> {
    const pinned = new URL(url);
    pinned.hostname = isIP(ip) === 6 ? `[${ip}]` : ip;
    return fetch(pinned, {
      method: request.method ?? "GET",
      headers: {
        ...{ "user-agent": this.#options.userAgent, "accept-encoding": "gzip", accept: "*/*" },
        ...request.headers,
        host: url.host,
      },
      ...(request.body && { body: request.body }),
      // The certificate has to be the name's, not the address's.
      ...(url.protocol === "https:" && isIP(bare(url)) === 0 && { tls: { serverName: url.hostname } }),
      redirect: "manual",
      proxy: false,
      // Bun unpacks ahead of the reader, without a bound.
      decompress: false,
      keepalive: false,
      signal: request.signal,
    });
  }

  /** Throws unless every address of the host may be reached on the URL's port. Returns the first ones. */
  async #addressesOf(url: URL, { isTrusted }: OutgoingRequest, signal: AbortSignal): Promise<string[]> {
    const { resolve, isAllowed } = this.#options;
    const gaveUp = Promise.withResolvers<never>();
    const giveUp = () => gaveUp.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    const addresses = await Promise.race([resolve(url.hostname), gaveUp.promise]).catch((error: unknown) => {
      throw signal.aborted || error instanceof OutgoingError ? error : new OutgoingError("unknown_host");
    });
    signal.removeEventListener("abort", giveUp);
    const isFine = (address: string) =>
      isTrusted || isAllowed(address) || (isPublicAddress(address) && usualPorts.includes(url.port));
    if (addresses.length === 0 || !addresses.every(isFine)) throw new OutgoingError("address_not_allowed");
    return addresses.slice(0, addressesMax);
  }
}

/** Throws unless it is http or https, without a username or password. The fragment is dropped. */
function readUrl(text: string | URL, base?: URL): URL {
  const url = URL.parse(String(text), base?.href);
  const isFine =
    url && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "";
  if (!isFine) throw new OutgoingError("url_not_allowed");
  url.hash = "";
  // Certificates are for the name without it.
  url.hostname = url.hostname.replace(/\.$/, "");
  return url;
}

const bare = (url: URL) => url.hostname.replace(/^\[(.*)\]$/, "$1");

async function readResponse(
  url: URL,
  response: Response,
  { types, bytesMax, isCut = false }: OutgoingRequest,
): Promise<OutgoingResponse> {
  const { status, headers } = response;
  const type = (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  let body = new Uint8Array();
  if (types && !types.includes(type)) await response.body?.cancel();
  else if (!["identity", "gzip", "x-gzip"].includes(encoding)) {
    await response.body?.cancel();
    throw new OutgoingError("bad_answer");
  } else if (response.body)
    body = await readBounded(response.body, { bytesMax, isCut, isGzip: encoding !== "identity" });
  return { status, url, headers, type, body };
}
