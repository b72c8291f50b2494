import { useEffect } from "preact/hooks";

/** Long enough that a screen reader takes the same words for new ones. */
const emptyForMs = 60;

/**
 * Has a screen reader say something that is seen and not focused. It is said in the open dialog if there is one, because
 * what is outside of it is not announced.
 */
export function announce(text: string): void {
  const region = document.querySelector("dialog[open] .dialog-news") ?? document.querySelector(".announcer");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, emptyForMs);
}

/** Announces a text whenever it has changed and nothing follows for a moment, such as what a filter has found. Null: nothing. */
export function useAnnounced(text: string | null): void {
  useEffect(() => {
    if (text === null) return;
    const timer = setTimeout(() => announce(text), 800);
    return () => clearTimeout(timer);
  }, [text]);
}
