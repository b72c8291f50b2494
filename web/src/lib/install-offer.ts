import { signal } from "@preact/signals";

/** What a browser gives to a page that can be installed as an app. */
export type InstallOffer = Event & { prompt(): Promise<unknown> };

/** Null while the browser offers nothing, or the app is installed. */
export const installOffer = signal<InstallOffer | null>(null);

/** Keeps the browser's offer until the viewer wants it. To be called as soon as the page starts. */
export function watchInstallOffer(): void {
  addEventListener("beforeinstallprompt", (event) => {
    // Otherwise the browser asks at a moment of its own.
    event.preventDefault();
    installOffer.value = event as InstallOffer;
  });
  addEventListener("appinstalled", () => {
    installOffer.value = null;
  });
}
