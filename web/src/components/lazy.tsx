import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

const retryAfterMs = 2000;

/** A component whose code is loaded when it is first shown. Until then there is nothing, and what was there stays. */
export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  return function Lazy(props: P) {
    const [Inner, setInner] = useState<FunctionComponent<P> | null>(() => loaded);
    useEffect(() => {
      if (Inner) return;
      let isWanted = true;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const attempt = () => {
        load().then(
          (component) => {
            loaded = component;
            if (isWanted) setInner(() => component);
          },
          // The line is broken; whoever waits for it is still there when it is back.
          () => {
            if (isWanted) timer = setTimeout(attempt, retryAfterMs);
          },
        );
      };
      attempt();
      return () => {
        isWanted = false;
        clearTimeout(timer);
      };
    }, [Inner]);
    return Inner ? <Inner {...props} /> : null;
  };
}
