import { type ReadonlySignal, signal } from "@preact/signals";

/** A short text at the edge of the window, with an action if there is one. It disappears by itself, unless it stays. */
export type Toast = { id: number; text: string; action?: { label: string; run: () => void } | undefined };

const shownMs = 6000;
const shownMax = 3;

/** Whether somebody is at a toast, which then stays. Set by what shows them. */
export const toastHold = { isHeld: () => false };

export class Toasts {
  readonly #shown = signal<readonly Toast[]>([]);
  #nextId = 1;

  get shown(): ReadonlySignal<readonly Toast[]> {
    return this.#shown;
  }

  show(text: string, action?: Toast["action"], { stays = false } = {}): void {
    const id = this.#nextId++;
    this.#shown.value = [
      ...this.#shown.value.filter((toast) => toast.text !== text),
      { id, text, action },
    ].slice(-shownMax);
    const leave = () => {
      if (toastHold.isHeld()) setTimeout(leave, shownMs);
      else this.dismiss(id);
    };
    if (!stays) setTimeout(leave, shownMs);
  }

  dismiss(id: number): void {
    this.#shown.value = this.#shown.value.filter((toast) => toast.id !== id);
  }
}
