import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isPhone } from "../lib/element.ts";
import { isFocusInPanel } from "../lib/regions.ts";
import { more } from "../texts/more.ts";
import { CloseIcon } from "./icons.tsx";

/** The frame of a panel beside the room. On a phone it replaces the room. */
export function PanelFrame(props: {
  title: string;
  /** What the panel is about, such as its room. */
  subtitle?: string;
  onClose: () => void;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // A field in the panel may already have the focus.
    if (!isFocusInPanel()) close.current?.focus();
  }, []);
  return (
    <aside
      className="panel"
      data-region="panel"
      aria-label={props.title}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      <div className="panel-head">
        {/* On a phone the room with its heading is not there. */}
        {isPhone() ? <h1 className="visually-hidden">{document.title}</h1> : null}
        <h2>
          {props.title}
          {props.subtitle ? (
            <span className="panel-subtitle" dir="auto">
              {" "}
              {props.subtitle}
            </span>
          ) : null}
        </h2>
        {props.actions}
        <button
          type="button"
          className="button-icon"
          aria-label={more.app.close}
          ref={close}
          onClick={props.onClose}
        >
          <CloseIcon />
        </button>
      </div>
      {props.children}
    </aside>
  );
}
