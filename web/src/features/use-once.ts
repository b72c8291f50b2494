import { useRef } from "preact/hooks";

/** Returns `work` so that it is not begun again while it is under way: a second click means the first. */
export function useOnce<A extends unknown[]>(
  work: (...given: A) => Promise<unknown>,
): (...given: A) => Promise<void> {
  const isBusy = useRef(false);
  return async (...given) => {
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      await work(...given);
    } finally {
      isBusy.current = false;
    }
  };
}
