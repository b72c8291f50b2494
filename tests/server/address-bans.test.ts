import { expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { join, Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

const options = {
  only: "embedded",
  // Everybody connects from this machine; a trusted proxy header gives them other addresses.
  env: { TRUSTED_PROXIES: "127.0.0.0/8,::1" },
  people: ["alice"],
} as const;

describeServer("banned addresses", options, ({ server, alice }) => {
  const from = (address: string) => ({ "x-forwarded-for": address });

  test("people at a banned address are signed out and can't sign in, register or connect; others and owners can; lifting the ban lets all back in", async () => {
    const bob = new Person(server, "bob");
    const credentials = {
      email: "bob@example.org",
      username: "bob",
      password: "four quiet words here",
      confirm_password: "four quiet words here",
    };
    expect((await bob.post("/register", credentials, from("203.0.113.5"))).status).toBe(200);
    const socket = await bob.connect();
    await alice.run("address_bans.set", { addresses: ["203.0.113.0/24", "2001:db8::/32"] });
    expect((await socket.closed).code).toBe(closeCodes.sessionEnded);
    const signIn = (address: string) =>
      new Person(server, "bob").post(
        "/login",
        { username: "bob", password: "four quiet words here" },
        from(address),
      );
    expect(await waitUntil(async () => (await signIn("203.0.113.5")).status === 403)).toBe(true);
    expect(await (await signIn("2001:db8::7")).json()).toMatchObject({ code: "banned" });
    expect(
      (
        await new Person(server, "x").post(
          "/register",
          { ...credentials, username: "x" },
          from("203.0.113.9"),
        )
      ).status,
    ).toBe(403);
    expect((await signIn("198.51.100.1")).status).toBe(200);
    expect((await alice.fetch("/api/rooms", { headers: from("203.0.113.5") })).status).toBe(200);
    const audit = await (await alice.fetch("/api/admin/audit")).text();
    expect(audit).toContain("address.banned");
    await alice.run("address_bans.set", { addresses: [] });
    expect(await waitUntil(async () => (await signIn("203.0.113.5")).status === 200)).toBe(true);
  });

  test("only an owner can ban addresses, and not this machine, their own address or an invalid one", async () => {
    const carol = await join(server, "carol");
    expect(await carol.refusedWith("address_bans.set", { addresses: [] })).toBe("forbidden");
    expect((await carol.fetch("/api/address-bans")).status).toBe(403);
    for (const address of ["127.0.0.1", "0.0.0.0/0", "::/0", "example.org", "10.0.0.0/", "1.2.3.4/33"])
      expect(await alice.refusedWith("address_bans.set", { addresses: [address] }), address).toBe(
        "address_invalid",
      );
    expect(await alice.read("/api/address-bans")).toEqual({ addresses: [] });
  });
});
