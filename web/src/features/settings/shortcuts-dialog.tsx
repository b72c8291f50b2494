import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const shortcuts: readonly (readonly [keys: string, what: string])[] = [
    ["Enter", more.shortcuts.send],
    ["Shift Enter", more.shortcuts.newLine],
    ["Ctrl B, Ctrl I, Ctrl E", more.shortcuts.format],
    ["Up", more.shortcuts.editLast],
    ["Shift Up", more.shortcuts.replyLast],
    ["Ctrl K", more.shortcuts.switcher],
    ["Alt Down, Alt Up", more.shortcuts.nextRoom],
    ["Alt Shift Down, Alt Shift Up", more.shortcuts.nextUnread],
    ["Esc", more.shortcuts.escape],
    ["F6, Shift F6", more.shortcuts.regions],
    ["Up, Down or K, J", more.shortcuts.between],
    ["Home, End", more.shortcuts.ends],
    ["R, E, +, T, U, C, P, S", more.shortcuts.onMessage],
    ["?", more.shortcuts.help],
  ];
  return (
    <Dialog title={more.shortcuts.title} onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>{what}</dt>
            <dd>
              <kbd>{keys}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
