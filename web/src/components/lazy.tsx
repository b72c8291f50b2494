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

type ComponentName<Bundle> = {
  [Name in keyof Bundle]: Bundle[Name] extends (props: never) => unknown ? Name : never;
}[keyof Bundle];

type PropsOf<Part> = Part extends (props: infer Props) => unknown
  ? Props extends object
    ? Props
    : object
  : never;

/** As {@link lazy}, for several components of one bundle: the function that it returns takes a component's name. */
export function lazyFrom<Bundle>(load: () => Promise<Bundle>) {
  return <Name extends ComponentName<Bundle>>(name: Name) =>
    lazy<PropsOf<Bundle[Name]>>(
      async () => (await load())[name] as unknown as FunctionComponent<PropsOf<Bundle[Name]>>,
    );
}
