import { useCallback, useEffect, useState } from "preact/hooks";
import { DownIcon, UpIcon } from "../../components/icons.tsx";
import { more } from "../../texts/more.ts";

/** Says that there are unread rooms beyond an edge of the list, and scrolls to the next of them. */
export function MoreUnread({ list }: { list: { current: HTMLDivElement | null }; rooms: unknown }) {
  const [hidden, setHidden] = useState({ above: false, below: false });
  const find = useCallback(() => {
    const { top = 0, bottom = 0 } = list.current?.getBoundingClientRect() ?? {};
    const items = [...(list.current?.querySelectorAll<HTMLElement>(".room-item-unread") ?? [])];
    return {
      above: items.findLast((item) => item.getBoundingClientRect().bottom <= top + 8),
      below: items.find((item) => item.getBoundingClientRect().top >= bottom - 8),
    };
  }, [list]);
  const scan = useCallback(() => {
    const found = find();
    const now = { above: found.above !== undefined, below: found.below !== undefined };
    setHidden((old) => (old.above === now.above && old.below === now.below ? old : now));
  }, [find]);
  useEffect(scan);
  useEffect(() => {
    const { current } = list;
    const sizes = new ResizeObserver(scan);
    if (current) sizes.observe(current);
    current?.addEventListener("scroll", scan);
    return () => {
      sizes.disconnect();
      current?.removeEventListener("scroll", scan);
    };
  }, [list, scan]);
  return (
    <>
      {(["above", "below"] as const).map((side) =>
        hidden[side] ? (
          <button
            key={side}
            type="button"
            tabIndex={-1}
            className={`more-unread more-unread-${side}`}
            onClick={() => find()[side]?.scrollIntoView({ block: "center" })}
          >
            {side === "above" ? <UpIcon /> : <DownIcon />}{" "}
            {side === "above" ? more.rooms.moreAbove : more.rooms.moreBelow}
          </button>
        ) : null,
      )}
    </>
  );
}
