import { Component, type FunctionComponent } from "preact";

/** Returns a component that is only drawn again if `isSame` says that its props differ. */
export function memo<P extends object>(
  Inner: FunctionComponent<P>,
  isSame: (before: P, after: P) => boolean,
): new (
  props: P,
) => Component<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !isSame(this.props as P, next);
    }
    override render() {
      return <Inner {...(this.props as P)} />;
    }
  };
}
