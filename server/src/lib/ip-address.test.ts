import { describe, expect, test } from "bun:test";
import {
  addressKey,
  clientAddress,
  isLoopbackAddress,
  normaliseAddress,
  parseAddressRanges,
} from "./ip-address.ts";

describe("addresses", () => {
  test("[L06] every spelling of an address counts as the same address", () => {
    expect(normaliseAddress("::ffff:1.2.3.4")).toBe("1.2.3.4");
    expect(normaliseAddress("0:0:0:0:0:FFFF:0102:0304")).toBe("1.2.3.4");
    expect(normaliseAddress("2001:DB8:0:0:0:0:0:1")).toBe("2001:db8::1");
    expect(normaliseAddress("fe80::1%eth0")).toBe("fe80::1");
    for (const text of ["", "evil", "1.2.3", "1.2.3.4.5", "::g"]) expect(normaliseAddress(text)).toBeNull();
  });

  test("[L06] an IPv6 /64, which one customer has, is one key", () => {
    const keys = ["2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3"].map((text) =>
      addressKey(normaliseAddress(text)!),
    );
    expect(new Set(keys).size).toBe(1);
    expect(addressKey("2001:db8:1:3::1")).not.toBe(keys[0]!);
    expect(addressKey("::1")).toBe("0:0:0:0::/64");
    expect(addressKey("1.2.3.4")).toBe("1.2.3.4");
  });

  test("[L07] X-Forwarded-For from anybody but a trusted proxy changes nothing", () => {
    const nobody = () => false;
    expect(clientAddress("9.9.9.9", "1.1.1.1", nobody)).toBe("9.9.9.9");
    expect(clientAddress("9.9.9.9", "1.1.1.1, 2.2.2.2", nobody)).toBe("9.9.9.9");
  });

  test("[L07] behind trusted proxies the last address not written by them counts, not the first", () => {
    const isProxy = parseAddressRanges(["10.0.0.0/8", "::1"]);
    expect(clientAddress("10.0.0.1", "6.6.6.6, 7.7.7.7", isProxy)).toBe("7.7.7.7");
    expect(clientAddress("10.0.0.1", "6.6.6.6, 7.7.7.7, 10.0.0.2", isProxy)).toBe("7.7.7.7");
    expect(clientAddress("10.0.0.1", null, isProxy)).toBe("10.0.0.1");
    expect(clientAddress("10.0.0.1", "garbage", isProxy)).toBe("10.0.0.1");
    expect(clientAddress("::ffff:10.0.0.1", "::ffff:8.8.8.8", isProxy)).toBe("8.8.8.8");
  });

  test("an invalid range is refused", () => {
    for (const bad of [
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.0/ 8",
      "::/",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "proxy",
      "::1/129",
      "1.2.3.4/x",
    ]) {
      expect(() => parseAddressRanges([bad])).toThrow();
    }
  });

  test("loopback is 127.0.0.0/8 and ::1", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1"].every(isLoopbackAddress)).toBe(true);
    expect(["128.0.0.1", "1.127.0.1", "::2"].some(isLoopbackAddress)).toBe(false);
  });
});
