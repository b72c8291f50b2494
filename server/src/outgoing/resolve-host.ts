import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

const tries = 2;

/** Returns every address of a host, IPv4 first. Throws if there is none, or no answer in time. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/**
 * Asks the name servers of this machine, or the given ones (as in `127.0.0.1:5353`), and not its hosts file, in which
 * names of the inside are. A host that is an address is its own answer. Each try may take `timeoutMs`.
 */
export function createResolver(timeoutMs: number, servers?: readonly string[]): ResolveHost {
  return async (host) => {
    const literal = host.replace(/^\[(.*)\]$/, "$1");
    if (isIP(literal) !== 0) return [literal];
    const resolver = new Resolver({ timeout: timeoutMs, tries });
    if (servers) resolver.setServers(servers);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = [v4, v6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (found.length === 0) throw new Error("the name has no address");
    return found;
  };
}
