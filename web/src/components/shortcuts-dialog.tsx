import { useEffect, useRef } from "preact/hooks";
import { CloseIcon } from "./icons.tsx";

const shortcuts: readonly (readonly [keys: string, what: string])[] = [
  ["Enter", "Send"],
  ["Shift Enter", "New line"],
  ["Ctrl B, Ctrl I, Ctrl E", "Bold, italic, code"],
  ["Esc", "Mark read and go to the newest"],
  ["F6, Shift F6", "Next, previous part of the window"],
  ["Up, Down or K, J", "Between messages"],
  ["Home, End", "First and last message shown"],
  ["C", "Copy the message"],
  ["?", "This list"],
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog className="dialog" ref={dialog} onClose={onClose} aria-labelledby="shortcuts-title">
      <div className="panel-head">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <button
          type="button"
          className="button-icon"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <CloseIcon />
        </button>
      </div>
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
    </dialog>
  );
}
