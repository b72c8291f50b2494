import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import type { Browser, Page } from "playwright-core";
import {
  axeFindings,
  desktop,
  launchBrowser,
  openPage,
  phone,
  registerByForm,
  say,
  waitForText,
  waitUntilOpen,
} from "../support/browser.ts";
import { AuthenticatorApp, addPasskey, setUpFactor } from "../support/factors.ts";
import { MailServer } from "../support/mail.ts";
import { clientId, clientSecret, startProvider } from "../support/oidc.ts";
import { join, Person, password } from "../support/person.ts";
import {
  chromiumPath,
  createTestData,
  isAvailable,
  startServer,
  type TestData,
  type TestServer,
  waitUntil,
} from "../support/server.ts";
import { freePort } from "../support/services.ts";

const next = "another four quiet words";

describe.skipIf(!chromiumPath || !isAvailable("postgres"))("your account, in a browser", () => {
  let data: TestData;
  let server: TestServer;
  let smtp: MailServer;
  let browser: Browser;
  let sql: SQL;

  beforeAll(async () => {
    smtp = await MailServer.start();
    data = await createTestData("postgres");
    server = await startServer(data, { env: { SMTP_URL: smtp.url } });
    sql = new SQL(data.url!, { max: 1 });
    browser = await launchBrowser();
    await join(server, "alice");
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await sql?.close();
    await server?.stop();
    await smtp?.stop();
    await data?.remove();
  });

  /** A phone's built-in authenticator: it stores passkeys and reports user verification. */
  async function giveAuthenticator(page: Page): Promise<{ answers(enabled: boolean): Promise<void> }> {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return {
      answers: async (enabled) => {
        await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
      },
    };
  }
  const signIn = async (page: Page, username: string, secret = password) => {
    await page.goto(server.url);
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password").fill(secret);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  const signOut = async (page: Page) => {
    await page.goto(`${server.url}/chat`);
    const rooms = page.getByRole("button", { name: "All rooms" });
    if (await rooms.isVisible()) await rooms.click();
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${server.url}/`);
  };
  const forgetSteps = () => sql`update accounts set totp_last_step = 0`;

  for (const [size, options] of Object.entries({ phone, desktop })) {
    test(`register, confirm, set up the second factor, sign in with a code, a recovery code and a passkey, manage devices, reset, see notices (${size})`, async () => {
      const name = `walker-${size}`;
      const address = `${name}@example.org`;
      const { page, faults } = await openPage(browser, options);
      const looked = async () => expect(await axeFindings(page), page.url()).toEqual([]);
      const authenticator = await giveAuthenticator(page);
      await registerByForm(page, server, name);

      // Confirm the address with the mail's link.
      await page.goto((await smtp.next(address, /is your code/)).link);
      await looked();
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByText("Your email address is confirmed.").waitFor();
      await looked();

      // Set up the second factor, from the overview.
      await page.goto(`${server.url}/account`);
      await page.getByText("Recommended: turn on two-factor authentication").waitFor();
      await looked();
      await page.getByRole("link", { name: "Two-factor authentication" }).click();
      await page.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
      await looked();
      await page.getByLabel("Code", { exact: true }).fill("000000");
      await page.getByRole("button", { name: "Turn on" }).click();
      await page.getByText("Wrong code.").waitFor();
      await looked();
      const seed = (await page.locator(".key-text").innerText()).replaceAll(" ", "");
      const app = new AuthenticatorApp(seed);
      await page.getByLabel("Code", { exact: true }).fill(app.code());
      await page.getByRole("button", { name: "Turn on" }).click();
      await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
      await looked();
      const codes = await page.locator(".recovery-codes code").allInnerTexts();
      expect(codes).toHaveLength(10);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Download codes" }).click(),
      ]);
      expect(download.suggestedFilename()).toBe("novax-recovery-codes.txt");
      await page.getByRole("link", { name: "I've saved them" }).click();
      await page.getByText("Your account is secure.").waitFor();
      await looked();

      // Sign out, and back in with a code; then with a recovery code in another browser, which is trusted.
      await signOut(page);
      await forgetSteps();
      await signIn(page, name);
      await page.waitForURL("**/login/code");
      await looked();
      await page.getByLabel("Code", { exact: true }).fill("999999");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByText("Wrong code, or it was already used.").waitFor();
      await looked();
      await page.getByLabel("Code", { exact: true }).fill(app.code());
      await page.getByRole("button", { name: "Continue" }).click();
      await waitUntilOpen(page);
      const other = await openPage(browser, desktop);
      await signIn(other.page, name);
      await other.page.getByLabel("Code", { exact: true }).fill(codes[0]!.toLowerCase());
      await other.page.getByLabel("Trust this browser").check();
      await other.page.getByRole("button", { name: "Continue" }).click();
      await waitUntilOpen(other.page);

      // Add a passkey, and sign in with it.
      await page.goto(`${server.url}/account/passkeys`);
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText("Passkey added.").waitFor();
      await looked();
      await page.getByText("Rename").click();
      await page.getByLabel("New name").fill("This phone");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Passkey renamed.").waitFor();
      await signOut(page);
      // The browser offers it in the username field; this authenticator accepts at once.
      await page.waitForURL("**/chat");
      await waitUntilOpen(page);

      // Devices: ending the other session closes its open chat.
      await page.goto(`${server.url}/account/devices`);
      await page.getByText("This device").waitFor();
      await looked();
      await page
        .getByRole("button", { name: /^Sign out / })
        .first()
        .click();
      await page.getByText("Device signed out.").waitFor();
      await other.page.waitForURL(`${server.url}/?done=session-ended`, { timeout: 5000 });
      await page.getByRole("button", { name: /^Ask again/ }).click();
      await page.getByText("That browser will be asked for two-factor authentication again.").waitFor();

      // With the button, in a browser that does not offer passkeys in the field.
      await authenticator.answers(false);
      await signOut(page);
      await page.addInitScript(() => {
        PublicKeyCredential.isConditionalMediationAvailable = async () => false;
      });
      await page.reload();
      await authenticator.answers(true);
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await waitUntilOpen(page);

      // Reset a forgotten password.
      await authenticator.answers(false);
      await signOut(page);
      await page.getByRole("link", { name: "Forgot password?" }).click();
      await looked();
      await page.getByLabel("Email").fill(address);
      await page.getByRole("button", { name: "Send link" }).click();
      await page.getByText("Check your email").waitFor();
      await looked();
      const { link } = await smtp.next(address, /Reset your password/);
      await page.goto(link);
      await page.getByLabel("New password", { exact: true }).fill("short");
      await page.getByRole("button", { name: "Set password" }).click();
      await page.getByText("Use at least").waitFor();
      await looked();
      await page.getByLabel("New password", { exact: true }).fill(next);
      await page.getByRole("button", { name: "Set password" }).click();
      await page.getByText("Your new password is set. Sign in with it.").waitFor();
      await looked();
      await page.goto(link);
      await page.getByRole("heading", { name: "This link has expired" }).waitFor();
      await looked();

      // The reset did not skip the second factor.
      await forgetSteps();
      await signIn(page, name, next);
      await page.waitForURL("**/login/code");
      await page.getByLabel("Code", { exact: true }).fill(app.code());
      await page.getByRole("button", { name: "Continue" }).click();
      await waitUntilOpen(page);
      await page.goto(`${server.url}/account`);
      for (const title of [
        "Two-factor authentication was turned on",
        "recovery code was used",
        "passkey was added",
        "reset with a link",
      ]) {
        await page.getByText(title).first().waitFor();
        expect(
          await waitUntil(() => smtp.to(address).some((mail) => mail.subject.includes(title))),
          title,
        ).toBe(true);
      }
      expect(faults).toEqual([]);
      expect(other.faults).toEqual([]);
      await page.context().close();
      await other.page.context().close();
    }, 120_000);
  }

  test("with the keyboard only: register, confirm, second factor, code, recovery code, passkey, devices, reset", async () => {
    const { page, faults } = await openPage(browser, desktop);
    const authenticator = await giveAuthenticator(page);
    const { keyboard } = page;
    /** Presses Tab until the named element has the focus, as somebody without a mouse does. */
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 40; presses++) {
        const focused = await page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement;
          if (element === document.body) return "";
          return element.labels?.[0]?.textContent ?? element.textContent ?? "";
        });
        if (focused.trim().startsWith(name)) return;
        await keyboard.press("Tab");
      }
      throw new Error(`no Tab leads to ${name} on ${page.url()}`);
    };
    const type = async (name: string, text: string) => {
      await tabTo(name);
      await keyboard.type(text);
    };
    const press = async (name: string) => {
      await tabTo(name);
      await keyboard.press("Enter");
    };
    const signOut = async () => {
      await page.goto(`${server.url}/chat`);
      await waitUntilOpen(page);
      await press("T");
      await press("Sign out");
      await page.waitForURL(`${server.url}/`);
    };

    await page.goto(`${server.url}/register`);
    await type("Username", "typist");
    await type("Email", "typist@example.org");
    await keyboard.press("Tab");
    await keyboard.type(password);
    await keyboard.press("Enter");
    await page.waitForURL("**/chat");
    await page.goto((await smtp.next("typist@example.org", /is your code/)).link);
    await press("Confirm");
    await page.getByText("Your email address is confirmed.").waitFor();

    await page.goto(`${server.url}/account`);
    await press("Two-factor authentication");
    await page.waitForURL("**/account/two-factor");
    const app = new AuthenticatorApp((await page.locator(".key-text").innerText()).replaceAll(" ", ""));
    await type("Code", app.code());
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
    const [code] = await page.locator(".recovery-codes code").allInnerTexts();
    await press("I've saved them");
    await page.waitForURL("**/account?done=factor");
    await press("Passkeys");
    await page.waitForURL("**/account/passkeys");
    await press("Add a passkey");
    await page.getByText("Passkey added.").waitFor();
    // From here on without the browser's passkey offer, which another test covers.
    await authenticator.answers(false);

    await signOut();
    await forgetSteps();
    await type("Username", "typist");
    await type("Password", password);
    await keyboard.press("Enter");
    await page.waitForURL("**/login/code");
    await type("Code", app.code());
    await keyboard.press("Enter");
    await page.waitForURL("**/chat");
    await signOut();
    await type("Username", "typist");
    await type("Password", password);
    await keyboard.press("Enter");
    await page.waitForURL("**/login/code");
    await type("Code", code!);
    await tabTo("Trust this browser");
    await keyboard.press("Space");
    await press("Continue");
    await page.waitForURL("**/chat");

    const elsewhere = new Person(server, "typist");
    await elsewhere.signIn();
    await forgetSteps();
    await elsewhere.post("/login/code", { code: app.code() });
    await page.goto(`${server.url}/account`);
    await press("Devices");
    await page.waitForURL("**/account/devices");
    await press("Sign out ");
    await page.getByText("Device signed out.").waitFor();
    expect((await elsewhere.fetch("/api/messages")).status).toBe(401);
    await press("← Your account");
    await page.waitForURL("**/account");
    await press("← Back to the chat");
    await waitUntilOpen(page);

    await signOut();
    await press("Forgot password?");
    await page.waitForURL("**/forgot");
    await type("Email", "typist@example.org");
    await keyboard.press("Enter");
    await page.getByText("Check your email").waitFor();
    await page.goto((await smtp.next("typist@example.org", /Reset your password/)).link);
    await type("New password", next);
    await keyboard.press("Enter");
    await page.getByText("Your new password is set. Sign in with it.").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("single sign-on leads through the provider's pages and back into the chat", async () => {
    const port = await freePort();
    const provider = await startProvider(`http://localhost:${port}/login/sso/callback`);
    provider.people.set("nora", {
      email: "nora@example.org",
      email_verified: true,
      preferred_username: "nora",
    });
    const other = await createTestData("postgres");
    const env = {
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
      OIDC_NAME: "Example login",
    };
    const linked = await startServer(other, { port, env });
    await join(linked, "alice");
    const { page } = await openPage(browser, phone);
    await page.goto(linked.url);
    await page.getByRole("link", { name: "Sign in with Example login" }).click();
    await page.locator('input[name="login"]').fill("nora");
    await page.locator('input[name="password"]').fill("any");
    await page.locator('button[type="submit"]').click();
    await page.locator('input[name="prompt"][value="consent"]').waitFor({ state: "attached" });
    await page.locator('button[type="submit"]').click();
    await page.waitForURL(`${linked.url}/chat`);
    await waitUntilOpen(page);
    await page.goto(`${linked.url}/account/sso`);
    await page.getByText("You can sign in with Example login.").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.context().close();
    await linked.stop();
    await provider.stop();
    await other.remove();
  }, 30_000);

  test("[B23] where a passkey can't be used, it's said under which name it can", async () => {
    const { page } = await openPage(browser, desktop);
    await giveAuthenticator(page);
    await page.goto(server.url.replace("localhost", "127.0.0.1"));
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("Passkeys only work at localhost. Open this server there.").waitFor();
    await page.context().close();
  });

  test("without JavaScript everything but passkeys works: second factor, devices, names, confirmation, deletion", async () => {
    const { page, faults } = await openPage(browser, { ...desktop, javaScriptEnabled: false });
    await registerByForm(page, server, "plain");
    await page.goto(`${server.url}/account/two-factor`);
    const app = new AuthenticatorApp((await page.locator(".key-text").innerText()).replaceAll(" ", ""));
    await page.getByLabel("Code", { exact: true }).fill(app.code());
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("link", { name: "I've saved them" }).click();
    await page.goto(`${server.url}/account/profile`);
    await page.getByLabel("Display name").fill("Plain Person");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await page.goto(`${server.url}/account/passkeys`);
    expect(await page.getByRole("button", { name: "Add a passkey" }).isVisible()).toBe(false);
    await page.locator("noscript p", { hasText: "Passkeys need JavaScript" }).waitFor();
    // A proof that is too old is asked for again, and the person returns to where they were going.
    await sql`update sessions set proved_at = 0`;
    await forgetSteps();
    await page.goto(`${server.url}/account/devices`);
    await page.getByRole("heading", { name: "Confirm it's you" }).waitFor();
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Code", { exact: true }).fill(app.code());
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("This device").waitFor();
    await page.goto(`${server.url}/account/data`);
    await page.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("Tick the box").waitFor();
    await page.getByLabel("I want to delete my account").check();
    await page.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("Your account will be deleted in 14 days.").waitFor();
    await forgetSteps();
    await page.getByLabel("Username").fill("plain");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByLabel("Code", { exact: true }).fill(app.code());
    await page.getByRole("button", { name: "Continue" }).click();
    await page.goto(`${server.url}/account`);
    await page.getByText("Your account won't be deleted").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);

  test("security notices from elsewhere show in the open chat at once, and are counted until they were seen", async () => {
    const person = await join(server, "watcher");
    const { page } = await openPage(browser, desktop);
    await page
      .context()
      .addCookies([...person.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    await page.goto(`${server.url}/chat`);
    await waitUntilOpen(page);
    const before = await page.locator(".messages-viewport").boundingBox();
    await person.inAnotherBrowser();
    await page.getByText("New sign-in.").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.locator(".messages-viewport").boundingBox()).toEqual(before);
    await page.getByText("1 new account notification").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Dismiss" }).click();
    expect(await page.locator(".banner").count()).toBe(0);
    await say(page, "still writing");
    await waitForText(page, "still writing");
    await page.goto(`${server.url}/account`);
    await page.getByText("New sign-in").waitFor();
    await page.goto(`${server.url}/chat`);
    await waitUntilOpen(page);
    expect(await page.getByText("new account notification").count()).toBe(0);
    await page.context().close();
  }, 30_000);

  test("an owner invites, approves, issues a reset link and reads the log; axe finds nothing on any page", async () => {
    const owner = await join(server, "owner");
    await sql`update accounts set server_role = 'owner' where username = 'owner'`;
    await addPasskey(owner);
    await setUpFactor(owner);
    // Every width and every theme once.
    for (const [options, colorScheme] of [
      [phone, "dark"],
      [desktop, "light"],
    ] as const) {
      const { page, faults } = await openPage(browser, { ...options, colorScheme });
      await page
        .context()
        .addCookies([...owner.cookies].map(([name, value]) => ({ name, value, url: server.url })));
      await sql`update sessions set proved_at = ${Date.now()}`;
      const pages = [
        "/account",
        "/account/profile",
        "/account/email",
        "/account/password",
        "/account/two-factor",
        "/account/two-factor?setup=1",
        "/account/passkeys",
        "/account/devices",
        "/account/data",
        "/account/confirm",
        "/admin",
        "/admin/invites",
        "/admin/settings",
        "/admin/audit",
        "/admin/server",
      ];
      for (const path of pages) {
        await page.goto(server.url + path);
        expect(await axeFindings(page), path).toEqual([]);
        const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(width, `${path} is wider than the window`).toBeLessThanOrEqual(0);
      }
      await page.goto(`${server.url}/admin/invites`);
      await page.getByLabel("Require approval").check();
      await page.getByRole("button", { name: "Create link" }).click();
      const link = await page.locator(".key-text").innerText();
      expect(await axeFindings(page)).toEqual([]);
      const guest = await openPage(browser, options);
      const name = `guest-${colorScheme}-${options === phone ? "phone" : "desk"}`;
      await guest.page.goto(link);
      await guest.page.getByLabel("Username").fill(name);
      await guest.page.getByLabel("Email").fill(`${name}@example.org`);
      await guest.page.getByLabel("Password", { exact: true }).fill(password);
      await guest.page.getByRole("button", { name: "Create account" }).click();
      await guest.page.getByText("Your account is waiting for approval").waitFor();
      await guest.page.context().close();
      await page.goto(`${server.url}/admin?search=${name}`);
      await page.getByText("waiting for approval").click();
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByText("Approved.").waitFor();
      await page.getByRole("button", { name: "Create reset link" }).click();
      await page.getByText("Send this link to").waitFor();
      expect(await axeFindings(page)).toEqual([]);
      expect(faults).toEqual([]);
      await page.context().close();
    }
  }, 120_000);

  test("what was chosen while the proof became too old is there again after it, and no secret is kept", async () => {
    const owner = await join(server, "erin");
    await sql`update accounts set server_role = 'owner' where username = 'erin'`;
    const { page, faults } = await openPage(browser, desktop);
    await page
      .context()
      .addCookies([...owner.cookies].map(([name, value]) => ({ name, value, url: server.url })));
    await page.goto(`${server.url}/admin/settings`);
    await page.getByLabel("Server name").fill("Acme");
    await page.getByLabel("Who can create an account").selectOption("invite");
    await sql`update sessions set proved_at = 0`;
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Please submit it again").waitFor();
    expect(await page.getByLabel("Server name").inputValue()).toBe("Acme");
    expect(await page.getByLabel("Who can create an account").inputValue()).toBe("invite");
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    // A password that is shown while it is sent is still one.
    await page.goto(`${server.url}/account/password`);
    const hidden = page.getByRole("button", { name: "Show password" });
    while ((await hidden.count()) > 0) await hidden.first().click();
    const [current, fresh] = ["not my password at all", "seven other quiet words"];
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password", { exact: true }).fill(fresh);
    await page.evaluate(() => {
      document.forms[0]!.addEventListener("submit", (event) => event.preventDefault());
    });
    await page.getByRole("button", { name: "Change password" }).click();
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    for (const secret of [current, fresh]) expect(kept).not.toContain(secret);
    const questions: string[] = [];
    page.on("dialog", (dialog) => {
      questions.push(dialog.message());
      void dialog.dismiss();
    });
    // What can't be taken back is asked for first, and a no changes nothing.
    await page.goto(`${server.url}/admin/people/${await owner.id()}`);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    expect(questions).toEqual(["Sign erin out on all devices?"]);
    await page.goto(`${server.url}/admin`);
    await page.getByRole("heading", { name: "People" }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);
});
