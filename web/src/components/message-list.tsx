import { Component, createRef } from "preact";
import type { OlderState } from "../stores/room-store.ts";
import type { Row } from "../stores/rows.ts";
import { DownIcon } from "./icons.tsx";
import { OlderRow, RowView } from "./list-rows.tsx";
import type { PendingActions } from "./message-row.tsx";

export type MessageListProps = PendingActions & {
  /** Receives the component: Preact 11 hands `ref` to a component as a prop and does not fill it in. */
  handle: { current: MessageList | null };
  rows: readonly Row[];
  roomName: string;
  older: OlderState;
  unreadCount: number;
  onLoadOlder: () => void;
  /** The last message that stood in view, with somebody looking, long enough to be read. */
  onRead: (seq: number) => void;
  /** The end is in view again, or no longer. */
  onFollow: (isFollowing: boolean) => void;
  onDismissUnread: () => void;
  /** A character typed while a message had the focus. */
  onTypeElsewhere: (character: string) => void;
};

/** The rows `from` to `to` of the whole list are in the document; the others are not. */
type Window = { from: number; to: number };
type State = {
  firstKey: string | null;
  lastKey: string | null;
  isFollowing: boolean;
  isUnreadAbove: boolean;
};
type Anchor = { key: string; top: number };

const windowRowsMax = 120;
const windowStep = 40;
/** So near to the end the list follows new messages. */
const followWithinPx = 100;
/** So near to an end of the window it is moved. */
const moveWithinPx = 600;
const readAfterMs = 400;
/** A day that sticks stands this close to the top edge. */
const stuckWithinPx = 6;

/**
 * The message list. At most {@link windowRowsMax} rows are in the document; around every change one place writes the
 * scroll position, so that the row being read does not move: whatever is added, loaded or resized.
 */
export class MessageList extends Component<MessageListProps, State> {
  override state: State = { firstKey: null, lastKey: null, isFollowing: true, isUnreadAbove: false };
  readonly #viewport = createRef<HTMLDivElement>();
  readonly #list = createRef<HTMLDivElement>();
  /** The row at the top edge and where it stands, as of the last scroll or change. */
  #anchor: Anchor | null = null;
  #resizes: ResizeObserver | null = null;
  #hadFocus = false;
  /** The focus came by a click, not by the keyboard. */
  #isPointing = false;
  /** Where the list was scrolled to when we last looked or wrote. */
  #lastTop = 0;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  /** Goes to the end and stays there. */
  followEnd(): void {
    this.#setFollowing(true);
    this.setState({ firstKey: null, lastKey: null }, () => this.#place(null));
  }

  /** Brings the "New" line into view. */
  showUnread(): void {
    const index = this.props.rows.findIndex((row) => row.kind === "unread");
    if (index < 0) return;
    const from = Math.max(0, index - windowStep);
    const last = this.props.rows[Math.min(this.props.rows.length, from + windowRowsMax) - 1];
    this.#setFollowing(false);
    this.setState({ firstKey: this.props.rows[from]!.key, lastKey: last!.key }, () => {
      const line = this.#rowElement("unread");
      if (line) this.#scrollTo(line.offsetTop - this.#viewport.current!.clientHeight / 4);
    });
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    this.#resizes = new ResizeObserver(() => {
      this.#place(this.#anchor);
      this.#afterMove();
    });
    this.#resizes.observe(this.#viewport.current!);
    this.#resizes.observe(this.#list.current!);
    document.addEventListener("visibilitychange", this.#noteReading);
    window.addEventListener("focus", this.#noteReading);
    if (this.props.rows.some((row) => row.kind === "unread")) this.#openAtUnread();
    else this.#place(null);
    this.#afterMove();
  }

  override componentWillUnmount(): void {
    this.#resizes?.disconnect();
    document.removeEventListener("visibilitychange", this.#noteReading);
    window.removeEventListener("focus", this.#noteReading);
    clearTimeout(this.#readTimer);
    cancelAnimationFrame(this.#frame);
  }

  override getSnapshotBeforeUpdate(): Anchor | null {
    this.#hadFocus = this.#list.current!.contains(document.activeElement);
    return this.#findAnchor();
  }

  override componentDidUpdate(before: MessageListProps, stateBefore: State, anchor: Anchor | null): void {
    const { rows } = this.props;
    // The message that had the focus is no longer in the document; the list keeps it.
    if (this.#hadFocus && document.activeElement === document.body) {
      this.#viewport.current!.focus({ preventScroll: true });
    }
    // Whatever else is drawn anew, somebody's typing say, is no reason to move.
    if (before.rows === rows && stateBefore === this.state) return;
    // One's own message always leads to the end, wherever one was reading.
    const newest = rows.at(-1);
    if (newest?.kind === "pending" && before.rows.at(-1)?.key !== newest.key && !this.state.isFollowing) {
      this.followEnd();
      return;
    }
    this.#place(anchor);
    if (before.rows !== rows) this.#afterMove();
  }

  override render() {
    const { roomName, older, unreadCount } = this.props;
    const { from, to } = this.#window();
    return (
      <div className="messages">
        <div
          className="messages-viewport"
          ref={this.#viewport}
          onScroll={this.#onScroll}
          onKeyDown={this.#onKeyDown}
          onPointerDown={() => {
            this.#isPointing = true;
          }}
          tabIndex={0}
          role="region"
          aria-label={`Messages in ${roomName}`}
        >
          <div className="messages-list" role="list" ref={this.#list}>
            {from === 0 && older !== "start" ? (
              <OlderRow older={older} onLoad={this.props.onLoadOlder} />
            ) : null}
            {this.#rowsToDraw(from, to).map((row) => (
              <RowView
                key={row.key}
                row={row}
                roomName={roomName}
                onRetry={this.props.onRetry}
                onDiscard={this.props.onDiscard}
              />
            ))}
          </div>
        </div>
        {this.state.isUnreadAbove && unreadCount > 0 ? (
          <div className="jump-pill jump-pill-top">
            <button type="button" className="pill-main" onClick={() => this.showUnread()}>
              Jump to first unread
            </button>
            <button type="button" className="pill-side" onClick={this.props.onDismissUnread}>
              Mark read
            </button>
          </div>
        ) : null}
        {this.state.isFollowing ? null : (
          <div className="jump-pill jump-pill-bottom">
            <button type="button" className="pill-main" onClick={() => this.followEnd()}>
              <DownIcon />
              {unreadCount === 0
                ? "To the newest"
                : unreadCount === 1
                  ? "1 new message"
                  : `${unreadCount} new messages`}
            </button>
          </div>
        )}
      </div>
    );
  }

  #window(): Window {
    const { length } = this.props.rows;
    const { firstKey, lastKey, isFollowing } = this.state;
    if (isFollowing) {
      // The far side is let go in steps: one row less at the top for each new one would be work for nothing.
      const steps = Math.floor((length - windowRowsMax + windowStep) / windowStep);
      return { from: length <= windowRowsMax ? 0 : steps * windowStep, to: length };
    }
    const first = this.#indexOf(firstKey);
    const last = this.#indexOf(lastKey);
    const to = last < 0 ? length : last + 1;
    const from = first < 0 ? Math.max(0, to - windowRowsMax) : first;
    return { from, to: Math.min(Math.max(to, from + 1), from + windowRowsMax) };
  }

  /** The window, and the day that its first message belongs to. */
  #rowsToDraw(from: number, to: number): readonly Row[] {
    const { rows } = this.props;
    const shown = rows.slice(from, to);
    const day = rows.slice(0, from).findLast((row) => row.kind === "day");
    return day && shown[0]?.kind !== "day" ? [day, ...shown] : shown;
  }

  #indexOf(key: string | null): number {
    return key === null ? -1 : this.props.rows.findIndex((row) => row.key === key);
  }

  #setWindow({ from, to }: Window): void {
    const { rows } = this.props;
    this.setState({ firstKey: rows[from]?.key ?? null, lastKey: rows[to - 1]?.key ?? null });
  }

  #openAtUnread(): void {
    const viewport = this.#viewport.current!;
    const line = this.#rowElement("unread");
    // All that is new fits on the screen: then the end is the better place to open at.
    if (line && viewport.scrollHeight - line.offsetTop <= viewport.clientHeight * 0.9) this.#place(null);
    else this.showUnread();
  }

  // ---- the one writer of the scroll position

  #place(anchor: Anchor | null): void {
    const viewport = this.#viewport.current;
    if (!viewport || this.#isHidden) return;
    if (this.state.isFollowing) {
      this.#scrollTo(viewport.scrollHeight);
    } else if (anchor) {
      const element = this.#rowElement(anchor.key);
      if (element) this.#scrollTo(viewport.scrollTop + this.#topOf(element) - anchor.top);
    }
    this.#anchor = this.#findAnchor();
  }

  #scrollTo(top: number): void {
    const viewport = this.#viewport.current!;
    const before = viewport.scrollTop;
    if (Math.abs(before - top) >= 0.5) viewport.scrollTop = top;
    // What we moved is no move of the reader's.
    this.#lastTop += viewport.scrollTop - before;
  }

  #findAnchor(): Anchor | null {
    for (const element of this.#rowElements()) {
      const { key, kind } = element.dataset;
      // A day sticks to the top edge while its messages move, and the "New" line goes where older pages put it.
      if (kind === "day" || kind === "unread" || key === undefined) continue;
      const rect = element.getBoundingClientRect();
      const edge = this.#viewport.current!.getBoundingClientRect().top;
      if (rect.bottom > edge) return { key, top: rect.top - edge };
    }
    return null;
  }

  // ---- what scrolling leads to

  readonly #onScroll = (): void => {
    const viewport = this.#viewport.current!;
    const isUp = viewport.scrollTop < this.#lastTop - 1;
    const isDown = viewport.scrollTop > this.#lastTop + 1;
    this.#lastTop = viewport.scrollTop;
    if (isUp || isDown) this.#noteDirection(isUp ? "up" : "down");
    this.#anchor = this.#findAnchor();
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#afterMove());
  };

  /** Any move upwards stops following, any move down that comes near the end begins it again. */
  #noteDirection(direction: "up" | "down"): void {
    const { from, to } = this.#window();
    const below = this.#distanceToEnd();
    const isAtEnd = to === this.props.rows.length;
    // A list that shrank was moved by the browser, to its very end.
    if (this.state.isFollowing && direction === "up" && below > 1) {
      this.#setWindow({ from, to });
      this.#setFollowing(false);
    } else if (!this.state.isFollowing && direction === "down" && isAtEnd && below <= followWithinPx) {
      this.#setFollowing(true);
    }
  }

  #distanceToEnd(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.#viewport.current!;
    return scrollHeight - clientHeight - scrollTop;
  }

  /** Hidden with its pane on a phone, where every position is 0 and means nothing. */
  get #isHidden(): boolean {
    return (this.#viewport.current?.clientHeight ?? 0) === 0;
  }

  #afterMove(): void {
    const viewport = this.#viewport.current;
    if (!viewport || this.#isHidden) return;
    const { rows, older } = this.props;
    const { from, to } = this.#window();
    const above = viewport.scrollTop;
    const below = this.#distanceToEnd();
    // A larger window may have brought the end into view, with nothing left to scroll.
    const isAtEnd = this.state.isFollowing || (to === rows.length && below <= 1);
    if (isAtEnd) this.#setFollowing(true);
    if (!isAtEnd && above < moveWithinPx && from > 0) {
      const start = Math.max(0, from - windowStep);
      this.#setWindow({ from: start, to: Math.min(to, start + windowRowsMax) });
    } else if (!isAtEnd && below < moveWithinPx && to < rows.length) {
      const end = Math.min(rows.length, to + windowStep);
      this.#setWindow({ from: Math.max(from, end - windowRowsMax), to: end });
    } else if (above < moveWithinPx && from === 0 && older === "more") {
      this.props.onLoadOlder();
    }
    this.#lookForUnread(from);
    this.#coverDays();
    this.#noteReading();
  }

  /** Of the days that stick to the top edge only the last is to be seen. */
  #coverDays(): void {
    const edge = this.#viewport.current!.getBoundingClientRect().top + stuckWithinPx;
    const days = this.#rowElements().filter((element) => element.dataset.kind === "day");
    const stuck = days.filter((element) => element.getBoundingClientRect().top <= edge);
    for (const day of days) day.classList.toggle("day-covered", stuck.includes(day) && day !== stuck.at(-1));
  }

  #lookForUnread(from: number): void {
    const index = this.props.rows.findIndex((row) => row.kind === "unread");
    const line = this.#rowElement("unread");
    const edge = this.#viewport.current!.getBoundingClientRect().top;
    const isAbove = index >= 0 && (line ? line.getBoundingClientRect().bottom < edge : index < from);
    if (isAbove !== this.state.isUnreadAbove) this.setState({ isUnreadAbove: isAbove });
  }

  #setFollowing(isFollowing: boolean): void {
    if (isFollowing === this.state.isFollowing) return;
    this.setState({ isFollowing });
    this.props.onFollow(isFollowing);
  }

  readonly #noteReading = (): void => {
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => {
      if (document.hidden || !document.hasFocus() || this.#isHidden) return;
      const edge = this.#viewport.current!.getBoundingClientRect().bottom + 1;
      const seen = this.#rowElements().findLast(
        (element) => element.dataset.seq !== undefined && element.getBoundingClientRect().bottom <= edge,
      );
      if (seen) this.props.onRead(Number(seen.dataset.seq));
    }, readAfterMs);
  };

  // ---- the keyboard: one Tab stop, arrows inside

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const articles = this.#articles();
    const index = articles.findIndex((article) => article === document.activeElement);
    // A click puts the focus on a message too, but nobody who clicks expects a letter to be a command.
    const isOnMessage = index >= 0 && !this.#isPointing;
    const up = isOnMessage ? index - 1 : articles.length - 1;
    const down = isOnMessage ? index + 1 : articles.length - 1;
    const targets: Record<string, number> = {
      ArrowUp: up,
      ArrowDown: down,
      Home: 0,
      End: articles.length - 1,
    };
    // Single letters are commands only while a message has the focus (WCAG 2.1.4).
    if (isOnMessage) Object.assign(targets, { k: up, j: down });
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.#isPointing = false;
      const article = articles[Math.min(Math.max(target, 0), articles.length - 1)];
      article?.focus({ preventScroll: true });
      article?.scrollIntoView({ block: "nearest" });
    } else if (isOnMessage && event.key.toLowerCase() === "c") {
      void navigator.clipboard?.writeText(this.#textOf(articles[index]!));
    } else if (!isOnMessage && event.key.length === 1 && event.key !== " " && event.key !== "?") {
      event.preventDefault();
      this.props.onTypeElsewhere(event.key);
    }
  };

  #textOf(article: HTMLElement): string {
    const key = article.closest<HTMLElement>(".row")?.dataset.key;
    const row = this.props.rows.find((candidate) => candidate.key === key);
    return row?.kind === "message" ? row.message.body.text : row?.kind === "pending" ? row.item.text : "";
  }

  // ---- the document

  #topOf(element: HTMLElement): number {
    return element.getBoundingClientRect().top - this.#viewport.current!.getBoundingClientRect().top;
  }

  #rowElements(): HTMLElement[] {
    return [...(this.#list.current?.children ?? [])] as HTMLElement[];
  }

  #rowElement(key: string): HTMLElement | undefined {
    return this.#rowElements().find((element) => element.dataset.key === key);
  }

  #articles(): HTMLElement[] {
    return [...(this.#list.current?.querySelectorAll<HTMLElement>("article") ?? [])];
  }
}
