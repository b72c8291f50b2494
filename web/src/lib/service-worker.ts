type Policies = {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): { createScriptURL(url: string): string };
};

const workerUrl = "/service-worker.js";
let trustedUrl: string | undefined;
let registering: Promise<ServiceWorkerRegistration> | undefined;

/** Registers the app's service worker. Rejects where the browser has none, or does not allow it here. */
export function registerServiceWorker(): Promise<ServiceWorkerRegistration> {
  registering ??= register().catch((error: unknown) => {
    registering = undefined;
    throw error;
  });
  return registering;
}

async function register(): Promise<ServiceWorkerRegistration> {
  trustedUrl ??= trustedWorkerUrl();
  return navigator.serviceWorker.register(trustedUrl, { updateViaCache: "none" });
}

/**
 * The policy of every page allows no address of a script but from a policy of this name, which can be made once. This one
 * knows one address.
 */
function trustedWorkerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  if (!trustedTypes) return workerUrl;
  return trustedTypes.createPolicy("app", { createScriptURL: () => workerUrl }).createScriptURL("");
}
