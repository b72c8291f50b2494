// The service worker of the installed app. It takes what other apps share with novaX; all other requests go their way.
import { keepShared, sharePath } from "../storage/shared-files.ts";

type FetchEvent = Event & {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
};

addEventListener("install", () => {
  void (globalThis as unknown as { skipWaiting(): Promise<void> }).skipWaiting();
});

addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  if (request.method !== "POST" || new URL(request.url).pathname !== sharePath) return;
  (event as FetchEvent).respondWith(
    request
      .formData()
      .then(keepShared)
      .catch(() => {})
      .then(() => Response.redirect("/chat", 303)),
  );
});
