import { useEffect, useRef } from "preact/hooks";
import { type Toast, toastHold } from "../stores/toasts.ts";
import { more } from "../texts/more.ts";
import { CloseIcon } from "./icons.tsx";

/** Keeps the toasts above the composer, in the middle of the room. Returns a function that ends it. */
function followComposer(element: HTMLElement): () => void {
  const foot = document.querySelector(".room .room-foot");
  if (!foot) return () => {};
  const place = () => {
    const { top, left, right } = foot.getBoundingClientRect();
    const isRtl = getComputedStyle(element).direction === "rtl";
    const [start, end] = isRtl ? [innerWidth - right, left] : [left, innerWidth - right];
    element.style.setProperty("--toasts-above", `${innerHeight - top}px`);
    element.style.setProperty("--toasts-start", `${start}px`);
    element.style.setProperty("--toasts-end", `${end}px`);
  };
  place();
  const sizes = new ResizeObserver(place);
  sizes.observe(foot);
  sizes.observe(document.documentElement);
  return () => sizes.disconnect();
}

/** The toasts, with their actions. */
export function ToastList({
  toasts,
  onDismiss,
  onFocusLost,
}: {
  toasts: readonly Toast[];
  onDismiss: (id: number) => void;
  onFocusLost: () => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const { id: newest, text = "" } = toasts.at(-1) ?? {};
  useEffect(() => {
    const element = list.current!;
    // The browser puts what was opened last on top. The list is opened again, so that a dialog does not cover it.
    if (element.matches(":popover-open") && document.querySelector("dialog[open]")) element.hidePopover();
    if (!element.matches(":popover-open")) element.showPopover();
    const news = document.querySelector(".dialog-news");
    if (news) news.textContent = text;
  }, [newest, text]);
  const isShown = toasts.length > 0;
  useEffect(() => {
    toastHold.isHeld = () => list.current?.matches(":focus-within, :has(.toast:hover)") ?? false;
  }, []);
  useEffect(() => (isShown ? followComposer(list.current!) : undefined), [isShown]);
  return (
    <>
      <p className="visually-hidden announcer" role="status" />
      <div
        className="toasts"
        role="status"
        aria-atomic="false"
        data-region="toasts"
        popover="manual"
        ref={list}
      >
        {toasts.map((toast) => (
          <div className="toast" key={toast.id}>
            <span>{toast.text}</span>
            {toast.action ? (
              <button
                type="button"
                className="button-subtle"
                onClick={() => {
                  onDismiss(toast.id);
                  toast.action!.run();
                  // The button that had the focus is gone.
                  setTimeout(() => {
                    if (document.activeElement === document.body) onFocusLost();
                  }, 100);
                }}
              >
                {toast.action.label}
              </button>
            ) : null}
            <button
              type="button"
              className="button-icon button-small"
              aria-label={more.app.close}
              onClick={() => {
                onDismiss(toast.id);
                onFocusLost();
              }}
            >
              <CloseIcon />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
