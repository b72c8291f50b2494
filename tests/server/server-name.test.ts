import { expect, test } from "bun:test";
import sharp from "sharp";
import { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer(
  "the server's own name",
  { hasMail: true, people: ["alice", "bob"] },
  ({ server, alice, bob, smtp }) => {
    const settings = { registration: "open", factor: "nobody", allows_erasure: true };
    const visitor = () => new Person(server, "visitor");
    const pageOf = async (path: string, person = visitor()) => (await person.fetch(path)).text();

    test("[V24] is on every page, in mails, authenticator entries and the manifest, and its icon is the server's", async () => {
      expect(await pageOf("/")).toContain("novaX</p>");
      const named = { ...settings, server_name: "Acme & Sons", server_icon: "🚀" };
      expect((await alice.post("/admin/settings", named)).status).toBe(200);
      expect(await waitUntil(async () => (await pageOf("/")).includes("Acme &amp; Sons</p>"))).toBe(true);
      expect(await pageOf("/chat", alice)).toContain("<title>Acme &amp; Sons</title>");
      expect(await pageOf("/icon.svg")).toContain(">🚀</text>");
      expect(JSON.parse(await pageOf("/app.webmanifest"))).toMatchObject({
        name: "Acme & Sons",
        share_target: { action: "/chat/share", method: "POST" },
        icons: [{ src: "/icon.svg" }],
        shortcuts: [{ url: "/chat?open=search" }, { url: "/chat?open=message" }],
      });
      const start = await bob.post("/account/two-factor/start", {});
      expect(((await start.json()) as { uri: string }).uri).toContain(
        `issuer=${encodeURIComponent("Acme & Sons")}`,
      );
      await visitor().post("/forgot", { email: "bob@example.org" });
      expect((await smtp.next("bob@example.org", /Reset your password/)).subject).toBe(
        "Acme & Sons: Reset your password",
      );
      const invite = (await (await alice.post("/admin/invites", { max_uses: 1, days: 7 })).json()) as {
        link: string;
      };
      const page = await pageOf(new URL(invite.link).pathname);
      expect(page).toContain("alice invited you to Acme &amp; Sons.");
      // What a program leaves out stays, and an empty name is the product's again.
      await alice.post("/admin/settings", settings);
      expect(await pageOf("/")).toContain("Acme &amp; Sons</p>");
      await alice.post("/admin/settings", { ...settings, server_name: "", server_icon: "" });
      expect(await waitUntil(async () => (await pageOf("/")).includes("novaX</p>"))).toBe(true);
      expect(await pageOf("/icon.svg")).toContain("<path");
      // What an icon says of itself is so.
      const { icons } = JSON.parse(await pageOf("/app.webmanifest")) as {
        icons: { src: string; sizes: string; type: string }[];
      };
      expect(icons.length).toBeGreaterThan(1);
      for (const icon of [...icons, { src: "/apple-touch-icon.png", sizes: "180x180", type: "image/png" }]) {
        const file = await fetch(server.url + icon.src);
        expect([icon.src, file.status, file.headers.get("content-type")]).toEqual([icon.src, 200, icon.type]);
        if (icon.type !== "image/png") continue;
        const { width, height } = await sharp(await file.bytes()).metadata();
        expect(`${width}x${height}`).toBe(icon.sizes);
      }
    }, 20_000);

    test("[V24] is an owner's to choose, on one line, and its icon is one letter or emoji", async () => {
      const change = (person: Person, more: object) =>
        person.post("/admin/settings", { ...settings, ...more });
      expect((await change(bob, { server_name: "Mine" })).status).toBe(403);
      for (const server_name of ["two\nlines", "x".repeat(41), "a\u202eb"])
        expect((await change(alice, { server_name })).status).toBe(400);
      for (const server_icon of ["<b>", "ab", "😀😀"])
        expect((await change(alice, { server_icon })).status).toBe(400);
    });
  },
);

describeServer("creating an account", { only: "embedded", people: ["alice"] }, ({ server, alice }) => {
  test("[V19] says all that is wrong at once, and takes a name to be called by", async () => {
    const answer = await new Person(server, "x").post("/register", {
      username: "Alice",
      email: "not an address",
      password: "short",
      confirm_password: "short",
      display_name: "a\u202eb",
    });
    expect(answer.status).toBe(422);
    const problem = (await answer.json()) as { field: string; also: { field: string; code: string }[] };
    expect(problem.field).toBe("display_name");
    expect(problem.also.map(({ field, code }) => [field, code])).toEqual([
      ["username", "username_taken"],
      ["email", "email_invalid"],
      ["password", "password_too_short"],
    ]);
    const bob = new Person(server, "bob");
    expect((await bob.register({ display_name: "Bob the Builder" })).status).toBe(200);
    expect(await alice.read("/api/people?q=bob")).toMatchObject({
      people: [{ displayName: "Bob the Builder" }],
    });
  });
});
