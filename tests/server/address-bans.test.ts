import { expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { join, Person, password } from "../support/person.ts";
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

  test("[A24] a ban ends sockets that come from there, wherever their session began; a signed-out owner gets in, and no other password is tried", async () => {
    // Signed in at home, and then on the way to a banned network.
    const dave = await join(server, "dave");
    const [away, home] = [
      await dave.open("novax.v1", from("198.18.0.9")),
      await dave.open("novax.v1", from("198.51.100.4")),
    ];
    await away.next((frame) => frame.type === "hello");
    await home.next((frame) => frame.type === "hello");
    await alice.run("address_bans.set", { addresses: ["198.18.0.0/15"] });
    expect((await away.closed).code).toBe(closeCodes.sessionEnded);
    expect(home.isOpen).toBe(true);
    home.close();

    const attempt = async (username: string, secret: string) => {
      const person = new Person(server, username);
      const response = await person.post("/login", { username, password: secret }, from("198.18.0.1"));
      return [
        response.status,
        response.status === 200 ? "" : ((await response.json()) as { code: string }).code,
      ];
    };
    for (const [username, secret] of [
      ["dave", password],
      ["dave", "not my password"],
      ["alice", "not my password"],
      ["nobody", "not my password"],
    ] as const)
      expect(await attempt(username, secret), `${username}, ${secret}`).toEqual([403, "banned"]);
    expect(await attempt("alice", password)).toEqual([200, ""]);
    const stranger = new Person(server, "stranger");
    for (const path of ["/register", "/forgot", "/api/messages"])
      expect((await stranger.fetch(path, { headers: from("198.18.0.1") })).status, path).toBe(403);
    await alice.run("address_bans.set", { addresses: [] });
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
