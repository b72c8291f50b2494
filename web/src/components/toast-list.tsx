import type { Toast } from "../stores/toasts.ts";
import { t } from "../texts/text.ts";
import { CloseIcon } from "./icons.tsx";

/** What happened a moment ago, and what can be done about it. */
export function ToastList({
  toasts,
  onDismiss,
}: {
  toasts: readonly Toast[];
  onDismiss: (id: number) => void;
}) {
  return (
    <div className="toasts" role="status">
      {toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          <span>{toast.text}</span>
          {toast.action ? (
            <button
              type="button"
              className="button-quiet"
              onClick={() => {
                onDismiss(toast.id);
                toast.action!.run();
              }}
            >
              {toast.action.label}
            </button>
          ) : null}
          <button
            type="button"
            className="button-icon button-small"
            aria-label={t.app.close}
            onClick={() => onDismiss(toast.id)}
          >
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
