import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useBackdrop } from "../lib/backdrop.ts";
import { more } from "../texts/more.ts";
import { CloseIcon } from "./icons.tsx";

/** Presses the button of a toast that lies behind an open dialog. Returns whether there is a toast at all. */
function pressToast({ clientX: x, clientY: y }: PointerEvent): boolean {
  const contains = (element: Element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return x >= left && x <= right && y >= top && y <= bottom;
  };
  const toast = [...document.querySelectorAll(".toast")].find(contains);
  [...(toast?.querySelectorAll("button") ?? [])].find(contains)?.click();
  return toast !== undefined;
}

/** A dialog with a title. The browser keeps the focus in it and closes it on Escape. */
export function Dialog(props: {
  title: string;
  size?: "normal" | "wide";
  /** The id of what is read with the title when it opens. */
  describedBy?: string | undefined;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the frame is drawn: the next key is for this dialog.
  useLayoutEffect(() => {
    const element = dialog.current!;
    element.showModal();
    // The field that the dialog is for takes the focus. Otherwise the close button would have it.
    element.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  }, []);
  return (
    <dialog
      className={`dialog dialog-${props.size ?? "normal"}`}
      ref={dialog}
      onClose={props.onClose}
      {...useBackdrop(() => dialog.current?.close(), pressToast)}
      aria-labelledby="dialog-title"
      aria-describedby={props.describedBy}
    >
      <div className="dialog-inside">
        <div className="panel-head">
          <h2 id="dialog-title">{props.title}</h2>
          <button
            type="button"
            className="button-icon"
            aria-label={more.app.close}
            onClick={() => dialog.current?.close()}
          >
            <CloseIcon />
          </button>
        </div>
        <div className="dialog-body">{props.children}</div>
        {/* A screen reader does not announce what is outside of an open dialog. */}
        <p className="visually-hidden dialog-news" role="status" />
      </div>
    </dialog>
  );
}
