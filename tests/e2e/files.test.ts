import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generalRoomId } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import type { Browser, Page } from "playwright-core";
import { axeFindings, launchBrowser, openChat, phone, say, waitForText } from "../support/browser.ts";
import { Finger } from "../support/finger.ts";
import { chromiumPath, waitUntil } from "../support/server.ts";
import { picture, upload } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!chromiumPath)("files in the chat", () => {
  const { alice, bob } = useServer("embedded");
  const folder = mkdtempSync(join(tmpdir(), "novax-files-"));
  let browser: Browser;
  let large = "";

  /** A file on the disk of the person who sends it. */
  const file = (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  const attach = async (page: Page, ...paths: string[]) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Attach files" }).click();
    await (await chooser).setFiles(paths);
    await page
      .locator(".attachment")
      .nth(paths.length - 1)
      .waitFor();
  };

  const send = (page: Page) => page.getByRole("button", { name: "Send", exact: true }).click();

  const lastPicture = (page: Page) => page.locator(".picture img").last();
  const isLoaded = (page: Page) =>
    waitUntil(() =>
      lastPicture(page).evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0),
    );

  /** Gives files to the page as a drop or a paste does. */
  const give = (page: Page, selector: string, event: "drop" | "paste", names: readonly string[], text = "") =>
    page.locator(selector).evaluate(
      (target, { kind, files, words }) => {
        const data = new DataTransfer();
        for (const name of files)
          data.items.add(new File([`content of ${name}`], name, { type: "application/x-test" }));
        if (words !== "") data.setData("text/plain", words);
        const more = { bubbles: true, cancelable: true };
        if (kind === "paste")
          target.dispatchEvent(new ClipboardEvent("paste", { ...more, clipboardData: data }));
        else
          for (const type of ["dragenter", "dragover", "drop"])
            target.dispatchEvent(new DragEvent(type, { ...more, dataTransfer: data }));
      },
      { kind: event, files: names, words: text },
    );

  beforeAll(async () => {
    browser = await launchBrowser();
    large = file("large.bin", crypto.getRandomValues(new Uint8Array(12 * 65_536)));
    writeFileSync(large, Buffer.alloc(24_000_000, "novaX"));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a picture is sent with a text, and seen by another person in a box that was there before it", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    await attach(page, file("sunset.jpg", await picture("jpeg", { width: 1200, height: 800 })));
    expect(await page.locator(".attachment .file-name").innerText()).toBe("sunset.jpg");
    await say(page, "look at this");
    await waitForText(other.page, "look at this");
    expect(await isLoaded(other.page)).toBe(true);
    expect(await isLoaded(page)).toBe(true);
    const box = await other.page.locator(".picture").boundingBox();
    expect([Math.round(box!.width), Math.round(box!.height)]).toEqual([400, 267]);
    expect(await page.locator(".attachment").count()).toBe(0);
    await page.context().close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  });

  test("files are dropped anywhere on the room, and pasted; a text with a picture of it is pasted as text", async () => {
    const { page, faults } = await openChat(browser, alice);
    await page.locator(".drop-target, .room-foot .visually-hidden").first().waitFor({ state: "attached" });
    await give(page, ".messages-viewport", "drop", ["one.bin", "two.bin"]);
    await page.locator(".attachment").nth(1).waitFor();
    await give(page, ".composer-field", "paste", ["three.bin"]);
    await page.locator(".attachment").nth(2).waitFor();
    await give(page, ".composer-field", "paste", ["table.png"], "a\tb");
    await page.getByRole("button", { name: "Remove two.bin" }).click();
    expect(await page.locator(".attachment .file-name").allInnerTexts()).toEqual(["one.bin", "three.bin"]);
    await send(page);
    await page.locator(".file-card").nth(1).waitFor();
    expect(await page.locator(".file-card .file-name").allInnerTexts()).toEqual(["one.bin", "three.bin"]);
    await give(
      page,
      ".messages-viewport",
      "drop",
      Array.from({ length: 12 }, (_, index) => `${index}.bin`),
    );
    await page.getByText("2 files were left out").waitFor();
    expect(await page.locator(".attachment").count()).toBe(10);
    await page.context().close();
    expect(faults).toEqual([]);
  });

  test("what was attached is there after a reload, and is sent when the connection is back", async () => {
    const { page, faults } = await openChat(browser, alice);
    const context = page.context();
    // What another test has left here.
    for (const button of await page.getByRole("button", { name: /^Remove / }).all()) await button.click();
    await attach(page, file("kept.txt", "kept over a reload"));
    await page.waitForTimeout(300);
    await page.reload();
    await page.locator(".attachment").waitFor();
    await context.setOffline(true);
    await say(page, "sent from a tunnel");
    await give(page, ".composer-field", "paste", ["offline.bin"]);
    await page.locator(".attachment").waitFor();
    await send(page);
    await say(page, "and a text behind it");
    await context.setOffline(false);
    await waitForText(page, "and a text behind it", 30_000);
    expect(await waitUntil(async () => (await page.locator(".pending-files").count()) === 0, 30_000)).toBe(
      true,
    );
    const other = await openChat(browser, bob);
    for (const name of ["kept.txt", "offline.bin"]) await other.page.getByText(name).last().waitFor();
    await context.close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  }, 90_000);

  test("a large file goes on over a line that breaks, and what is written meanwhile is not held back", async () => {
    const { page, faults } = await openChat(browser, alice);
    const context = page.context();
    const client = await context.newCDPSession(page);
    const throttle = (offline: boolean) =>
      client.send("Network.emulateNetworkConditions", {
        offline,
        latency: 20,
        downloadThroughput: 8_000_000,
        uploadThroughput: 6_000_000,
      });
    await throttle(false);
    await attach(page, large);
    await say(page, "with a large file");
    await page.locator(".pending-files").waitFor();
    await say(page, "a short text");
    const other = await openChat(browser, bob);
    await waitForText(other.page, "a short text");
    await page.waitForTimeout(1200);
    await throttle(true);
    await page.waitForTimeout(500);
    await throttle(false);
    await waitForText(other.page, "with a large file", 60_000);
    const card = other.page.locator(".file-card", { hasText: "large.bin" });
    expect(await card.locator(".file-facts").innerText()).toBe("24\u00a0MB");
    const saved = other.page.waitForEvent("download");
    await card.getByRole("link", { name: "Download large.bin" }).click();
    const path = await (await saved).path();
    expect(Buffer.compare(await Bun.file(path).bytes(), await Bun.file(large).bytes())).toBe(0);
    await context.close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  }, 120_000);

  test("a picture that can't be read says so before it is sent, and can be sent as a file", async () => {
    const { page, faults } = await openChat(browser, alice);
    await attach(page, file("half.png", (await picture("png")).slice(0, 5000)));
    await page.getByText("This picture can't be read").waitFor();
    expect(await page.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Send as a file" }).click();
    await page.getByText("5 kB").waitFor();
    await send(page);
    await page.locator(".file-card", { hasText: "half.png" }).waitFor();
    await page.context().close();
    expect(faults).toEqual([]);
  });

  test("what was refused after it was sent is taken back, with its text and its files, and sent another way", async () => {
    const { page, faults } = await openChat(browser, alice);
    // It is loaded a moment after the page, and the browser reports a script that it could not load.
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await page.context().setOffline(true);
    await attach(
      page,
      file("torn.png", (await picture("png")).slice(0, 5000)),
      file("whole.png", await picture("png")),
    );
    await say(page, "two pictures");
    const row = page.locator(".row-pending", { hasText: "two pictures" });
    await row.getByText("Waiting for a connection").waitFor();
    await page.context().setOffline(false);
    await row.getByText("Not sent.").waitFor({ timeout: 30_000 });
    await row.getByRole("button", { name: "Edit" }).click();
    await row.waitFor({ state: "detached" });
    expect(await page.locator(".composer-field").inputValue()).toBe("two pictures");
    await page.getByText("Check 1 file before you send").waitFor();
    expect(await page.locator(".attachment").first().innerText()).toContain("torn.png");
    await page.getByRole("button", { name: "Send as a file" }).click();
    await page.getByText("Check 1 file before you send").waitFor({ state: "detached" });
    await send(page);
    const sent = page.locator(".message", { hasText: "two pictures" });
    await sent.locator(".file-card", { hasText: "torn.png" }).waitFor();
    expect(await sent.locator(".picture").count()).toBe(1);
    await page.context().close();
    // The browser reports what it could not load while it was offline.
    expect(faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED/.test(fault))).toEqual([]);
  }, 60_000);

  test("a picture that is too large is made smaller by the page, or sent as a file", async () => {
    const { page, faults } = await openChat(browser, alice);
    await attach(page, file("wall.jpg", await picture("jpeg", { width: 10_400, height: 300 })));
    await page.getByText("Made smaller").waitFor({ timeout: 20_000 });
    await send(page);
    expect(await isLoaded(page)).toBe(true);
    await lastPicture(page).click();
    await page.locator(".lightbox-picture img").waitFor();
    expect(
      await waitUntil(() =>
        page
          .locator(".lightbox-picture img")
          .evaluate((image: HTMLImageElement) => image.naturalWidth === 4096),
      ),
    ).toBe(true);
    await page.keyboard.press("Escape");
    await page.context().close();
    expect(faults).toEqual([]);
  }, 60_000);

  test("an edit takes files away and adds others, and puts words to a picture for those who can't see it", async () => {
    const { page, faults } = await openChat(browser, alice);
    await attach(page, file("a.txt", "a"), file("b.txt", "b"));
    await say(page, "two files");
    const row = page.locator(".message", { hasText: "two files" });
    await row.locator(".file-card").nth(1).waitFor();
    await page.locator(".row-pending").waitFor({ state: "detached" });
    // An edit that is given up changes nothing, and leaves nothing for the next one.
    await page.locator(".composer-field").press("ArrowUp");
    await page.getByRole("button", { name: "Remove b.txt" }).click();
    await attach(page, file("c.txt", "c"));
    await page.locator(".composer-field").press("Escape");
    await page.locator(".attachment").first().waitFor({ state: "detached" });
    await page.locator(".composer-field").press("ArrowUp");
    expect(await page.locator(".attachment .file-name").allInnerTexts()).toEqual(["a.txt", "b.txt"]);
    await page.getByRole("button", { name: "Remove a.txt" }).click();
    await attach(page, file("cat.png", await picture("png")));
    await page.getByRole("button", { name: "Describe cat.png" }).click();
    await page.getByLabel("Description").fill("A grey cat on a roof");
    expect(await axeFindings(page, ".dialog")).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.locator("dialog[open]").waitFor({ state: "hidden" });
    await page.locator(".attachment-progress").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await row.getByRole("button", { name: "Open A grey cat on a roof" }).waitFor();
    expect(await row.locator(".file-card .file-name").allInnerTexts()).toEqual(["b.txt"]);
    await page.context().close();
    expect(faults).toEqual([]);
  });

  test("two fingers make a picture larger, and not the page", async () => {
    const { page } = await openChat(browser, alice, phone);
    const { id } = await upload(alice, await picture("png"), { name: "pinched.png" });
    const body = { kind: "text" as const, text: "pinch me", files: [{ id }] };
    await alice.run("message.send", { room: generalRoomId, sendId: crypto.randomUUID() as SendId, body });
    await page.getByRole("button", { name: "Open pinched.png" }).tap();
    const shown = page.locator(".lightbox-picture");
    await shown.locator("img").waitFor();
    const before = (await shown.boundingBox())!.width;
    await (await Finger.on(page)).pinch(shown, { from: 60, to: 240 });
    expect((await shown.boundingBox())!.width).toBeGreaterThan(2 * before);
    expect(await page.evaluate(() => visualViewport!.scale)).toBe(1);
    await page.context().close();
  });

  test("pictures are seen large: by keys, with zoom, and back to the message", async () => {
    const { page, faults } = await openChat(browser, alice);
    await attach(
      page,
      file("first.png", await picture("png")),
      file("second.png", await picture("png")),
      file("notes.md", "# Notes\n\nHello\n"),
    );
    await say(page, "a set");
    const row = page.locator(".message", { hasText: "a set" });
    await row.getByRole("button", { name: "Open first.png" }).click();
    const box = page.getByRole("dialog");
    await box.getByText("1 of 3").waitFor();
    expect(await axeFindings(page, ".lightbox")).toEqual([]);
    await page.keyboard.press("ArrowRight");
    await box.getByText("2 of 3").waitFor();
    await box.getByText("100%").waitFor();
    await page.keyboard.press("+");
    await box.getByText("150%").waitFor();
    // While it is larger than the window, the arrow keys move it.
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await box.getByText("506%").waitFor();
    await page.keyboard.press("ArrowRight");
    await box.getByText("2 of 3").waitFor();
    await page.keyboard.press("0");
    await page.keyboard.press("ArrowRight");
    await box.getByText("# Notes").waitFor();
    await page.keyboard.press("ArrowRight");
    await box.getByText("3 of 3").waitFor();
    await page.keyboard.press("Escape");
    await box.waitFor({ state: "detached" });
    await page.context().close();
    expect(faults).toEqual([]);
  });

  test("a recording that is left for another room is kept in its own", async () => {
    const { room } = await alice.run("room.create", { kind: "public", name: "Studio", people: [] });
    const { page, faults } = await openChat(browser, alice);
    await page.goto(`${new URL(page.url()).origin}/chat/${room.id}`);
    await page.getByRole("heading", { name: "Studio" }).waitFor();
    await page.getByRole("button", { name: "Record a voice message" }).click();
    await page.getByRole("timer").waitFor();
    await page.waitForTimeout(1500);
    await page.locator(".room-item", { hasText: "General" }).click();
    await page.getByRole("heading", { name: "General" }).waitFor();
    expect(await page.locator(".recorder, .attachment").count()).toBe(0);
    await page.locator(".room-item", { hasText: "Studio" }).click();
    await page.locator(".attachment .audio-player").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("a voice message is recorded, heard first or sent at once, and played by another person", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    // To the end: what others have sent meanwhile is new.
    await other.page.keyboard.press("Escape");
    const record = async () => {
      await page.getByRole("button", { name: "Record a voice message" }).click();
      await page.getByRole("timer").waitFor();
      await page.waitForTimeout(1500);
    };
    await record();
    expect(await axeFindings(page, ".recorder")).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.locator(".recorder, .attachment").count()).toBe(0);
    await record();
    await page.getByRole("button", { name: "Stop and listen first" }).click();
    await page.locator(".attachment .audio-player").waitFor();
    await page.getByRole("button", { name: /^Remove Voice/ }).click();
    await record();
    await page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).click();
    const player = other.page.locator(".message .audio-player");
    await player.waitFor();
    expect(await player.locator(".audio-times").innerText()).toMatch(/Voice message\s+0:0[12]/);
    expect(await player.locator("rect").count()).toBeGreaterThan(20);
    await player.getByRole("button", { name: /^Play / }).click();
    const isPlaying = () =>
      player.locator("audio").evaluate((audio: HTMLAudioElement) => audio.currentTime > 0.2);
    expect(await waitUntil(isPlaying)).toBe(true);
    await player.getByRole("button", { name: "Speed: 1×" }).click();
    await player.getByRole("button", { name: "Speed: 1.5×" }).waitFor();
    await page.context().close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  });

  test("a video has a still picture and a size before it is loaded, and plays", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    await other.page.keyboard.press("Escape");
    // Made by the browser, so that no video has to be kept in the project.
    await page.locator(".composer-field").evaluate(async (field) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
      const context = canvas.getContext("2d")!;
      const timer = setInterval(() => {
        context.fillStyle = `hsl(${(performance.now() / 10) % 360} 80% 50%)`;
        context.fillRect(0, 0, 320, 240);
      }, 30);
      const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: "video/webm" });
      const parts: Blob[] = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      const done = new Promise((resolve) => {
        recorder.onstop = resolve;
      });
      recorder.start();
      setTimeout(() => recorder.stop(), 1500);
      await done;
      clearInterval(timer);
      const data = new DataTransfer();
      data.items.add(new File(parts, "clip.webm", { type: "video/webm" }));
      field.dispatchEvent(
        new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }),
      );
    });
    await page.locator(".attachment").waitFor();
    await send(page);
    const video = other.page.locator(".message video");
    await video.waitFor();
    expect(await video.getAttribute("poster")).toMatch(/^\/api\/files\/[0-9a-f-]+\/preview$/);
    const box = (await other.page.locator(".file-box-video").boundingBox())!;
    expect([Math.round(box.width), Math.round(box.height)]).toEqual([320, 240]);
    await video.evaluate((element: HTMLVideoElement) => element.play());
    expect(
      await waitUntil(() => video.evaluate((element: HTMLVideoElement) => element.currentTime > 0.3)),
    ).toBe(true);
    await page.context().close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  });

  test("a person chooses a picture and its part, which others see beside their messages", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    await other.page.keyboard.press("Escape");
    await say(page, "who is this?");
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "You", exact: true }).click();
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("group", { name: "Your picture" }).getByRole("button").click();
    await (await chooser).setFiles([file("me.jpg", await picture("jpeg", { width: 800, height: 500 }))]);
    const crop = page.getByRole("application");
    await crop.waitFor();
    expect(await axeFindings(page, ".dialog")).toEqual([]);
    await crop.press("ArrowRight");
    await page.getByLabel("Zoom").fill("2");
    await page.getByRole("button", { name: "Save", exact: true }).last().click();
    await page.locator(".picture-field .avatar img").first().waitFor();
    await page.keyboard.press("Escape");
    const seen = other.page.locator(".message .avatar img").first();
    await seen.waitFor();
    expect(
      await waitUntil(() => seen.evaluate((image: HTMLImageElement) => image.naturalWidth === 512)),
    ).toBe(true);
    await page.context().close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  });

  test("an emoji of the server's own is added, written, and used as a reaction", async () => {
    const { page, faults } = await openChat(browser, alice);
    const other = await openChat(browser, bob);
    await other.page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Emoji", exact: true }).click();
    await page.getByRole("button", { name: "Manage emoji…" }).click();
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("dialog").getByRole("button", { name: "Choose a picture" }).first().click();
    await (await chooser).setFiles([
      file("Party Parrot.png", await picture("png", { width: 90, height: 90 })),
    ]);
    expect(await page.getByLabel("Name").inputValue()).toBe("party_parrot");
    expect(await axeFindings(page, ".dialog")).toEqual([]);
    await page.getByRole("button", { name: "Add", exact: true }).last().click();
    await page.getByRole("dialog").locator(".person .custom-emoji").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".composer-field").fill("hooray :par");
    await page.locator(".composer-field").press("End");
    await page.keyboard.type("t");
    await page.getByRole("option", { name: "party_parrot" }).click();
    await send(page);
    const row = page.locator(".message", { hasText: "hooray" }).last();
    await row.locator("img.custom-emoji").waitFor();
    await row.hover();
    await row.getByRole("button", { name: "Add reaction" }).click();
    await page.getByRole("button", { name: "party_parrot" }).first().click();
    await row.locator(".reaction img.custom-emoji").waitFor();
    const seen = other.page.locator(".message", { hasText: "hooray" }).last();
    await seen.locator(".reaction").first().waitFor();
    await other.page.reload();
    await seen.locator(".reaction img.custom-emoji").waitFor();
    await page.context().close();
    await other.page.context().close();
    expect([faults, other.faults]).toEqual([[], []]);
  });

  test("what another app shares with the installed app is kept until its room is chosen, and not longer", async () => {
    const { page, faults } = await openChat(browser, alice, phone);
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    /** Sends the form that the system's share sheet sends. */
    const share = (text: string, names: readonly string[]) =>
      page.evaluate(
        ({ words, files }) => {
          const form = document.createElement("form");
          form.method = "POST";
          form.enctype = "multipart/form-data";
          form.action = "/chat/share";
          const field = document.createElement("input");
          field.name = "text";
          field.value = words;
          const chosen = document.createElement("input");
          chosen.type = "file";
          chosen.name = "files";
          const data = new DataTransfer();
          for (const name of files) data.items.add(new File([`content of ${name}`], name));
          chosen.files = data.files;
          form.append(field, chosen);
          document.body.append(form);
          form.submit();
        },
        { words: text, files: names },
      );
    await share("from another app", ["photo.bin"]);
    const choice = page.getByRole("dialog", { name: "Send to…" });
    await choice.getByRole("option", { name: "General" }).tap();
    await choice.waitFor({ state: "detached" });
    await page.locator(".attachment", { hasText: "photo.bin" }).waitFor();
    expect(await page.locator(".composer-field").inputValue()).toBe("from another app");
    await page.getByRole("button", { name: "Send", exact: true }).tap();
    await waitForText(page, "from another app");
    await page.locator(".file-card", { hasText: "photo.bin" }).waitFor();
    // It was taken: a reload asks for nothing.
    await page.reload();
    await waitForText(page, "from another app");
    expect(await page.evaluate(() => caches.has("shared"))).toBe(false);
    expect(await choice.count()).toBe(0);
    await page.context().close();
    expect(faults).toEqual([]);
  });

  test("on a phone files come from the menu, are seen large, and nothing is cut off", async () => {
    const { page, faults } = await openChat(browser, bob, phone);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Add", exact: true }).tap();
    await page.getByRole("menuitem", { name: "Attach files" }).tap();
    await (await chooser).setFiles([
      file("first.jpg", await picture("jpeg")),
      file("phone.jpg", await picture("jpeg", { width: 3000, height: 4000 })),
    ]);
    await page.locator(".attachment").nth(1).waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).tap();
    expect(await isLoaded(page)).toBe(true);
    await lastPicture(page).tap();
    const box = page.getByRole("dialog");
    await box.waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    for (const button of await box.getByRole("button").all()) {
      const { width, height } = (await button.boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(40);
    }
    // A photo of 3000 pixels begins at a tenth of its size, and can be seen pixel by pixel.
    for (let times = 0; times < 7; times++) await box.getByRole("button", { name: "Zoom in" }).last().tap();
    await box.getByText("200%").waitFor();
    await page.keyboard.press("0");
    const finger = await Finger.on(page);
    const swipe = async (x: number, y: number) => {
      await finger.down({ x: 195, y: 420 });
      await finger.move({ x, y });
      await finger.up();
    };
    await box.getByText("2 of 2").waitFor();
    await swipe(150, 10);
    await box.getByText("1 of 2").waitFor();
    await swipe(150, 10);
    await swipe(-150, 10);
    await box.getByText("2 of 2").waitFor();
    await swipe(10, 200);
    await box.waitFor({ state: "detached" });
    // The browser takes a tap that comes at once for a part of the swipe.
    await page.waitForTimeout(500);
    await lastPicture(page).tap();
    await box.getByRole("button", { name: "Close" }).tap();
    await box.waitFor({ state: "detached" });
    await page.context().close();
    expect(faults).toEqual([]);
  });
});
