import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component whose code is loaded when it is first shown. Until then there is nothing, and what was there stays. */
export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | null = null;
  return function Lazy(props: P) {
    const [Inner, setInner] = useState<FunctionComponent<P> | null>(() => loaded);
    useEffect(() => {
      if (Inner) return;
      let isWanted = true;
      void load().then((component) => {
        loaded = component;
        if (isWanted) setInner(() => component);
      });
      return () => {
        isWanted = false;
      };
    }, [Inner]);
    return Inner ? <Inner {...props} /> : null;
  };
}
