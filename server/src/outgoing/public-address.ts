import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Every address of the public IPv6 internet is in it; the library knows what inside of it is special, but not the rest. */
const publicIPv6 = ipaddr.parseCIDR("2000::/3");

/**
 * Whether the address, as a resolver returned it, is one of the public internet: no loopback, private, link-local,
 * shared, reserved or multicast one, and none that embeds an IPv4 address. What isn't an address in its usual spelling is
 * not public either.
 */
export function isPublicAddress(address: string): boolean {
  // The library also reads octal, hexadecimal and short spellings.
  if (isIP(address) === 0 || address.includes("%")) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || parsed.match(publicIPv6);
}
