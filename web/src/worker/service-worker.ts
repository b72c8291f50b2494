// The service worker. It shows notifications while no page is open, opens the chat without a connection, and takes what other
// apps share with the installed app; all other requests go their way.
import { openShared } from "@novax/protocol/app-shortcuts";
import { keepShared, sharePath } from "../storage/shared-files.ts";
import { announceVersion, install, isAppFile, isChat, openAppFile, openChat } from "./app-files.ts";
import {
  type ExtendableEvent,
  type FetchEvent,
  type NotificationEvent,
  type PushEvent,
  worker,
} from "./events.ts";
import { choose, showPush } from "./notifications.ts";

addEventListener("install", (event) => {
  void worker.skipWaiting();
  (event as ExtendableEvent).waitUntil(install());
});

addEventListener("activate", (event) => {
  (event as ExtendableEvent).waitUntil(announceVersion());
});

addEventListener("push", (event) => showPush(event as PushEvent));

addEventListener("notificationclick", (event) => choose(event as NotificationEvent));

addEventListener("fetch", (event) => {
  const fetched = event as FetchEvent;
  const { request } = fetched;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && pathname === sharePath)
    fetched.respondWith(
      request
        .formData()
        .then(keepShared)
        .catch(() => {})
        .then(() => Response.redirect(`/chat?open=${openShared}`, 303)),
    );
  else if (request.method === "GET" && request.mode === "navigate" && isChat(pathname))
    fetched.respondWith(openChat(fetched));
  else if (request.method === "GET" && isAppFile(pathname)) fetched.respondWith(openAppFile(request));
});
