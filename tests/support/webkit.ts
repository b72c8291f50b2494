// WebKit, the engine of Safari, driven by the W3C's WebDriver protocol. Debian's build has no touch screen: what a finger does
// is made of pointer events in the page, while Chromium's tests have real ones.
import { freePort } from "./services.ts";

export const hasWebKit = Bun.which("WebKitWebDriver") !== null && Bun.which("Xvfb") !== null;

type Process = ReturnType<typeof Bun.spawn>;

export class WebKit {
  readonly #base: string;
  readonly #session: string;
  readonly #processes: Process[];

  private constructor(base: string, session: string, processes: Process[]) {
    this.#base = base;
    this.#session = session;
    this.#processes = processes;
  }

  static async start(size: { width: number; height: number }): Promise<WebKit> {
    const screen = Bun.spawn(
      ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
      {
        stdout: "pipe",
        stderr: "ignore",
      },
    );
    const { value } = await screen.stdout.getReader().read();
    const display = `:${new TextDecoder().decode(value).trim()}`;
    const port = await freePort();
    const driver = Bun.spawn(["WebKitWebDriver", `--port=${port}`], {
      env: { ...process.env, DISPLAY: display, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
      stdout: "ignore",
      stderr: "ignore",
    });
    const base = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 200; tries++) {
      if ((await fetch(`${base}/status`).catch(() => null))?.ok) break;
      await Bun.sleep(50);
    }
    const options = { args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    const { sessionId } = await call<{ sessionId: string }>("POST", `${base}/session`, { capabilities });
    const browser = new WebKit(base, sessionId, [driver, screen]);
    await browser.resize(size.width, size.height);
    return browser;
  }

  async go(url: string): Promise<void> {
    await this.#send("POST", "/url", { url });
  }

  /** Runs a script in the page; `arguments` are its values. Returns what it returns. */
  run<T>(script: string, ...args: unknown[]): Promise<T> {
    return this.#send("POST", "/execute/sync", { script, args });
  }

  /** Waits until a script returns something true. Fails the test if it does not in time. */
  async until(script: string, ...args: unknown[]): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await this.run(`return Boolean((() => { ${script} })())`, ...args).catch(() => false)) return;
      await Bun.sleep(50);
    }
    throw new Error(`never true: ${script}`);
  }

  async find(selector: string): Promise<string> {
    await this.until(`return document.querySelector(${JSON.stringify(selector)})`);
    const found = await this.#send<Record<string, string>>("POST", "/element", {
      using: "css selector",
      value: selector,
    });
    return Object.values(found)[0]!;
  }

  async click(selector: string): Promise<void> {
    await this.#send("POST", `/element/${await this.find(selector)}/click`, {});
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#send("POST", `/element/${await this.find(selector)}/value`, { text });
  }

  /** Evaluates an expression in the page. Returns its value. */
  evaluate<T>(expression: string): Promise<T> {
    return this.run(`return (${expression})`);
  }

  /** Presses keys, one for each character. */
  keys(text: string): Promise<void> {
    const actions = [...text].flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    return this.#send("POST", "/actions", { actions: [{ type: "key", id: "keys", actions }] });
  }

  /** Moves the pointer to a point of the window, and presses there if `isClick`. */
  pointer({ x, y }: { x: number; y: number }, isClick: boolean): Promise<void> {
    const press = [
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    const actions = [{ type: "pointerMove", x: Math.round(x), y: Math.round(y) }, ...(isClick ? press : [])];
    return this.#send("POST", "/actions", { actions: [{ type: "pointer", id: "pointer", actions }] });
  }

  async clearCookies(): Promise<void> {
    await this.#send("DELETE", "/cookie");
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#send("POST", "/window/rect", { width, height });
  }

  async stop(): Promise<void> {
    await this.#send("DELETE", "", undefined).catch(() => {});
    for (const child of this.#processes) {
      child.kill();
      await child.exited;
    }
  }

  #send<T>(method: string, path: string, body?: object): Promise<T> {
    return call(method, `${this.#base}/session/${this.#session}${path}`, body);
  }
}

async function call<T>(method: string, url: string, body?: object): Promise<T> {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (!response.ok) throw new Error(`${url}: ${value.error}: ${value.message}`);
  return value;
}
