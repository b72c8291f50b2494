// What the first sight of the chat does without, in one file that is loaded once: dialogs, panels, menus, completion and
// commands. Only ever imported as `import("./later.ts")`.
export { runSlashCommand } from "../stores/slash-commands.ts";
export { messageMenu } from "./message-menu.ts";
export { OverlayHost } from "./overlays/overlay-host.tsx";
export { SidePanel } from "./panels/side-panel.tsx";
export { suggest } from "./suggest.ts";
