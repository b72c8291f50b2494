// Firefox, driven by WebDriver BiDi over its own WebSocket, with a push service of ours: subscribing, decrypting and showing are
// the browser's own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const firefoxPath = Bun.which("firefox-esr") ?? Bun.which("firefox");

const startWithinMs = 30_000;

type Reply = { id: number; type: "success" | "error"; result: unknown; error?: string; message?: string };

/** A page of {@link Firefox}. */
export type FirefoxPage = {
  go(url: string): Promise<void>;
  /** Runs an expression, waits for its promise, and returns the value, which JSON must be able to say. */
  run<T>(expression: string): Promise<T>;
  /** Presses keys, one for each character. */
  keys(text: string): Promise<void>;
  /** Moves the pointer to a point of the window, and presses there if `isClick`. */
  pointer(point: { x: number; y: number }, isClick: boolean): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  close(): Promise<void>;
};

export class Firefox {
  readonly #process: ReturnType<typeof Bun.spawn>;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(child: ReturnType<typeof Bun.spawn>, socket: WebSocket, folder: string) {
    this.#process = child;
    this.#socket = socket;
    this.#folder = folder;
    socket.onmessage = ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    };
  }

  /** `pushService` is the address of the WebSocket at which the browser asks for its messages. */
  static async start({ pushService }: { pushService: string }): Promise<Firefox> {
    const folder = mkdtempSync(join(tmpdir(), "novax-firefox-"));
    const settings: Record<string, string | number | boolean> = {
      "dom.push.serverURL": pushService,
      "dom.push.testing.allowInsecureServerURL": true,
      "dom.push.connection.enabled": true,
      "permissions.default.desktop-notification": 1,
      // There is no desktop that would show them.
      "alerts.useSystemBackend": false,
      // Nothing goes elsewhere.
      "app.update.disabledForTesting": true,
      "browser.safebrowsing.update.enabled": false,
      "datareporting.policy.dataSubmissionEnabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "services.settings.server": "http://127.0.0.1:1/v1",
    };
    const lines = Object.entries(settings).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    writeFileSync(join(folder, "user.js"), lines.join("\n"));
    const child = Bun.spawn(
      [firefoxPath!, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port=0"],
      { env: { ...process.env, HOME: folder, MOZ_HEADLESS: "1" }, stdout: "ignore", stderr: "pipe" },
    );
    const address = await addressOf(child.stderr);
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const firefox = new Firefox(child, socket, folder);
    await firefox.#send("session.new", { capabilities: {} });
    return firefox;
  }

  async setCookie(name: string, value: string): Promise<void> {
    const cookie = { name, value: { type: "string", value }, domain: "localhost", path: "/" };
    await this.#send("storage.setCookie", { cookie });
  }

  async clearCookies(): Promise<void> {
    await this.#send("storage.deleteCookies", {});
  }

  async open(url: string): Promise<FirefoxPage> {
    const { context } = await this.#send<{ context: string }>("browsingContext.create", { type: "tab" });
    const go = async (to: string) => {
      await this.#send("browsingContext.navigate", { context, url: to, wait: "complete" });
    };
    await go(url);
    return {
      go,
      run: async <T>(expression: string): Promise<T> => {
        const { type, result, exceptionDetails } = await this.#send<{
          type: string;
          result: { value?: string };
          exceptionDetails?: { text: string };
        }>("script.evaluate", {
          expression: `(async () => JSON.stringify(await (${expression})))()`,
          target: { context },
          awaitPromise: true,
          userActivation: true,
        });
        if (type !== "success") throw new Error(exceptionDetails?.text ?? "the expression failed");
        return (result.value === undefined ? undefined : JSON.parse(result.value)) as T;
      },
      keys: (text) => {
        const actions = [...text].flatMap((value) => [
          { type: "keyDown", value },
          { type: "keyUp", value },
        ]);
        return this.#act(context, { type: "key", id: "keys", actions });
      },
      pointer: ({ x, y }, isClick) => {
        const press = [
          { type: "pointerDown", button: 0 },
          { type: "pointerUp", button: 0 },
        ];
        const actions = [
          { type: "pointerMove", x: Math.round(x), y: Math.round(y) },
          ...(isClick ? press : []),
        ];
        return this.#act(context, { type: "pointer", id: "pointer", actions });
      },
      resize: async (width, height) => {
        await this.#send("browsingContext.setViewport", { context, viewport: { width, height } });
      },
      close: async () => {
        await this.#send("browsingContext.close", { context });
      },
    };
  }

  async stop(): Promise<void> {
    this.#socket.close();
    this.#process.kill();
    await this.#process.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #act(context: string, source: object): Promise<void> {
    await this.#send("input.performActions", { context, actions: [source] });
  }

  async #send<T>(method: string, params: object): Promise<T> {
    const id = ++this.#lastId;
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { type, result, error, message } = await reply;
    if (type === "error") throw new Error(`${method}: ${error} ${message}`);
    return result as T;
  }
}

async function addressOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const deadline = Date.now() + startWithinMs;
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text);
    if (found) return found[1]!;
    if (Date.now() > deadline) break;
  }
  throw new Error(`Firefox did not start:\n${text}`);
}
