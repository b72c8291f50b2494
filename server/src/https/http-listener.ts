import type { Certificates } from "./certificates.ts";

const challengePath = /^\/\.well-known\/acme-challenge\/([^/]+)$/;
/** Nobody sends a body here. */
const bodyBytesMax = 1024;

/**
 * Listens on http: answers the authority that gives certificates, and leads everyone else to the same page on https. Throws if the
 * port can't be used. `isShared`: other processes of this server may listen there, too.
 */
export function listenOnHttp(
  certificates: Certificates,
  {
    hostname,
    port,
    publicUrl,
    isShared,
  }: { hostname: string; port: number; publicUrl: URL; isShared: boolean },
): { stop(): Promise<void> } {
  const server = Bun.serve({
    hostname,
    port,
    reusePort: isShared,
    idleTimeout: 10,
    maxRequestBodySize: bodyBytesMax,
    development: false,
    fetch: (request) => {
      const url = URL.parse(request.url);
      const token = url && challengePath.exec(url.pathname)?.[1];
      const answer = token ? certificates.readAnswer(token) : null;
      if (answer !== null) return new Response(answer, { headers: { "content-type": "text/plain" } });
      // To our own name, whatever host was asked for.
      const target = new URL(publicUrl);
      if (url) {
        target.pathname = url.pathname;
        target.search = url.search;
      }
      return new Response(null, {
        status: 308,
        headers: { location: target.href, "cache-control": "no-store" },
      });
    },
  });
  return { stop: () => server.stop(true) };
}
