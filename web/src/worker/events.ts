// What a service worker is given, as far as novaX uses it. TypeScript has these types only for code that runs nowhere else.

export type ExtendableEvent = Event & { waitUntil(work: Promise<unknown>): void };

export type FetchEvent = ExtendableEvent & {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
};

export type PushEvent = ExtendableEvent & { readonly data: { json(): unknown } | null };

export type NotificationEvent = ExtendableEvent & {
  /** The button that was chosen; "" for the notification itself. */
  readonly action: string;
  readonly notification: Notification & { data: string };
};

export type WindowClient = {
  readonly url: string;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
};

export const worker = globalThis as unknown as {
  skipWaiting(): Promise<void>;
  registration: ServiceWorkerRegistration;
  clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
};

/** The pages of the site that are open. */
export const openPages = () => worker.clients.matchAll({ type: "window", includeUncontrolled: true });
