import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * The canonical spelling of an address: `::ffff:1.2.3.4` becomes `1.2.3.4`, IPv6 is compressed and loses its zone.
 * Null if the text is not an address.
 */
export function normaliseAddress(text: string): string | null {
  const withoutZone = text.trim().replace(/%.*$/, "");
  if (isIPv4(withoutZone)) return withoutZone;
  if (!isIPv6(withoutZone)) return null;
  const canonical = new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const high = Number.parseInt(mapped[1]!, 16);
  const low = Number.parseInt(mapped[2]!, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The key for limits per address: an IPv4 address, or an IPv6 /64, because one customer usually has a whole /64. */
export function addressKey(address: string): string {
  if (isIPv4(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const groups = address.includes("::")
    ? [...front, ...Array<string>(8 - front.length - back.length).fill("0"), ...back]
    : front;
  return `${groups.slice(0, 4).join(":")}::/64`;
}

export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

/** Compiles a list of addresses and CIDR ranges into a test. Throws on anything else. */
export function parseAddressRanges(list: readonly string[]): (address: string) => boolean {
  const ranges = new BlockList();
  for (const item of list) {
    const [base = "", prefix, ...rest] = item.split("/");
    const family = rest.length === 0 ? isIP(base) : 0;
    if (family === 0) throw new Error(`${item} isn't an IP address or a range such as 10.0.0.0/8`);
    const kind = family === 4 ? "ipv4" : "ipv6";
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
    // "10.0.0.0/" must not become "/0", which would match every address.
    if ((prefix !== undefined && !/^\d{1,3}$/.test(prefix)) || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw new Error(`${item} doesn't have a valid prefix length`);
    }
    ranges.addSubnet(base, bits, kind);
  }
  return (address) => ranges.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/**
 * The client's address. `X-Forwarded-For` counts only if the peer is a trusted proxy. It is then read from the right,
 * where our proxies append, up to the first address that is not one of them.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | null,
  isTrustedProxy: (address: string) => boolean,
): string {
  let address = normaliseAddress(peer) ?? "0.0.0.0";
  const hops = forwardedFor?.split(",") ?? [];
  while (hops.length > 0 && isTrustedProxy(address)) {
    const hop = normaliseAddress(hops.pop()!);
    if (hop === null) break;
    address = hop;
  }
  return address;
}

/** Whether this machine speaks IPv6, which can be turned off. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family }) => family === "IPv6"),
  );
}
