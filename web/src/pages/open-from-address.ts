import type { AppShortcut } from "@novax/protocol/app-shortcuts";
import type { Overlay, UiStore } from "../stores/ui-store.ts";

const overlays: Record<AppShortcut, Overlay> = {
  search: { kind: "switcher" },
  message: { kind: "new_direct" },
};

/** Opens what was chosen at the installed app's icon. */
export function openFromAddress(ui: UiStore): void {
  const open = new URLSearchParams(location.search).get("open");
  if (open === null || !Object.hasOwn(overlays, open)) return;
  history.replaceState(history.state, "", location.pathname);
  ui.open(overlays[open as AppShortcut]);
}
