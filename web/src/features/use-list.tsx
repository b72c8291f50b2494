import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { focusTargetOf, isFocusInPanel } from "../lib/regions.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import { more } from "../texts/more.ts";

/** One page of a list, and the cursor of the next page; null at the end. */
export type ListPage<T> = { items: readonly T[]; next: string | null };

export type List<T> = {
  /** The element of the rows. It takes the focus when the row that had it is gone. */
  list: { current: HTMLUListElement | null };
  /** Null until the first page is loaded. */
  items: readonly T[] | null;
  /** Reads again what could not be read; null if the last read was answered. */
  retry: (() => void) | null;
  /** Reads the next page; null if there is none. */
  loadMore: (() => void) | null;
};

/**
 * A list of the server, page by page. `read` takes a cursor and resolves with a page. When `dependsOn` changes, the
 * shown pages are read again, and late responses of earlier reads are dropped. What could not
 * be read is read again when the connection is back.
 */
export function useList<T>(
  chat: ChatStore,
  read: (after: string | undefined) => Promise<ListPage<T>>,
  dependsOn: readonly unknown[],
): List<T> {
  const [page, setPage] = useState<ListPage<T> | null>(null);
  /** What could not be read last: the cursor of a page, undefined of the first. */
  const [failed, setFailed] = useState<{ after: string | undefined } | null>(null);
  /** How many rows are shown, and how many are wanted; pages are read until there are as many. */
  const shown = useRef(0);
  const wanted = useRef(0);
  const hadFocus = useRef(false);
  const list = useRef<HTMLUListElement>(null);
  const reading = useRef(0);
  /** What is shown is being read again, and the next page with it if it is wanted meanwhile. */
  const isRefreshing = useRef(false);
  const load = async (before: readonly T[], after: string | undefined) => {
    reading.current += 1;
    const mine = reading.current;
    let items = before;
    let next = after;
    try {
      do {
        const answer = await read(next);
        if (mine !== reading.current) return;
        items = [...items, ...answer.items];
        next = answer.next ?? undefined;
      } while (next !== undefined && items.length < wanted.current);
    } catch {
      if (mine !== reading.current) return;
      isRefreshing.current = false;
      setFailed({ after });
      return;
    }
    isRefreshing.current = false;
    // The button with the focus may disappear with its row.
    hadFocus.current = isFocusInPanel();
    shown.current = items.length;
    setFailed(null);
    setPage({ items, next: next ?? null });
  };
  useEffect(() => {
    isRefreshing.current = true;
    setFailed(null);
    wanted.current = shown.current;
    void load([], undefined);
    return () => {
      reading.current += 1;
    };
  }, [chat, ...dependsOn]);
  const retry =
    failed && (() => void load(failed.after === undefined ? [] : (page?.items ?? []), failed.after));
  const isConnected = chat.client.state.value.kind === "open";
  useEffect(() => {
    if (isConnected) retry?.();
  }, [isConnected]);
  useLayoutEffect(() => {
    if (hadFocus.current && document.activeElement === document.body)
      (list.current?.querySelector<HTMLElement>("button") ?? focusTargetOf("panel"))?.focus();
  }, [page]);
  return {
    list,
    items: page?.items ?? null,
    retry,
    loadMore:
      page && page.next !== null
        ? () => {
            wanted.current = shown.current + 1;
            if (!isRefreshing.current) void load(page.items, page.next!);
          }
        : null,
  };
}

/** The rows of a panel, the text for an empty list, and the button for more. */
export function PanelList<T>(props: {
  list: List<T>;
  empty: string;
  keyOf: (item: T) => string;
  row: (item: T) => ComponentChildren;
}) {
  const { items, list, loadMore, retry } = props.list;
  const notLoaded = retry ? <NotLoaded onRetry={retry} /> : null;
  if (items === null) return notLoaded;
  if (items.length === 0) return notLoaded ?? <p className="panel-note">{props.empty}</p>;
  return (
    <>
      <ul className="previews" ref={list}>
        {items.map((item) => (
          <li key={props.keyOf(item)}>{props.row(item)}</li>
        ))}
      </ul>
      {notLoaded ??
        (loadMore ? (
          <button type="button" className="button-subtle" onClick={loadMore}>
            {more.app.loadMore}
          </button>
        ) : null)}
    </>
  );
}

/** Says that a list could not be read, with a button to try again. */
export function NotLoaded({ onRetry }: { onRetry: () => void }) {
  return (
    <div className="panel-note" role="alert">
      <p>{more.lists.notLoaded}</p>
      <button type="button" className="button-secondary" onClick={onRetry}>
        {more.lists.tryAgain}
      </button>
    </div>
  );
}

/** A button at the end of a row. `about`: what the row is, for those who hear the button alone. */
export function RowButton({ label, about, onClick }: { label: string; about?: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className="button-subtle"
      aria-label={about ? `${label}: ${about}` : undefined}
      onClick={onClick}
    >
      {label}
    </button>
  );
}
