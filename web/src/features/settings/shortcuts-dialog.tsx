import { Dialog } from "../../components/dialog.tsx";
import { keyName } from "../../lib/key-names.ts";
import { more } from "../../texts/more.ts";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const shortcuts: readonly (readonly [keys: string, what: string])[] = [
    ["Enter", more.shortcuts.send],
    ["Shift Enter", more.shortcuts.newLine],
    ["Ctrl B, Ctrl I, Ctrl E", more.shortcuts.format],
    ["↑", more.shortcuts.editLast],
    ["Shift ↑", more.shortcuts.replyLast],
    ["Ctrl K", more.shortcuts.switcher],
    ["Ctrl Shift F, /", more.shortcuts.search],
    ["Alt ↓, Alt ↑", more.shortcuts.nextRoom],
    ["Alt Shift ↓, Alt Shift ↑", more.shortcuts.nextUnread],
    ["Esc", more.shortcuts.escape],
    ["F6, Shift F6", more.shortcuts.regions],
    ["↑ ↓, K J", more.shortcuts.between],
    ["← →", more.shortcuts.inside],
    ["Home, End", more.shortcuts.ends],
    ["R, E, +, T, U, C, P, S", more.shortcuts.onMessage],
    ["M, Del", more.shortcuts.menu],
    ["?", more.shortcuts.help],
  ];
  return (
    <Dialog title={more.shortcuts.title} onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>{what}</dt>
            <dd>
              <kbd>{keyName(keys)}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
