import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

const retryAfterMs = 2000;

/**
 * Returns a component whose code is loaded when it is first shown. Until then it shows nothing, and what is around it
 * stays. A failed load is tried again while it is shown.
 */
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
          // The connection is broken. It is tried again as long as the component is shown.
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

type ComponentName<Bundle> = {
  [Name in keyof Bundle]: Bundle[Name] extends (props: never) => unknown ? Name : never;
}[keyof Bundle];

type PropsOf<Part> = Part extends (props: infer Props) => unknown
  ? Props extends object
    ? Props
    : object
  : never;

/** As {@link lazy}, for several components of one bundle. Returns a function that takes the name of a component. */
export function lazyFrom<Bundle>(load: () => Promise<Bundle>) {
  return <Name extends ComponentName<Bundle>>(name: Name) =>
    lazy<PropsOf<Bundle[Name]>>(
      async () => (await load())[name] as unknown as FunctionComponent<PropsOf<Bundle[Name]>>,
    );
}
