import type { MessageEntry } from "@novax/protocol/apply-event";
import { Component, createRef } from "preact";
import { DownIcon } from "../../components/icons.tsx";
import { isTouch, type Spot, spotOf } from "../../lib/element.ts";
import type { MoreState } from "../../stores/room-store.ts";
import type { Row } from "../../stores/rows.ts";
import { t } from "../../texts/text.ts";
import { MoreRow, RowView } from "./list-rows.tsx";
import {
  followsAfter,
  moveWindow,
  moveWithinPx,
  rowsNear,
  scrollTopKeeping,
  type Window,
  windowAround,
  windowAtEnd,
  windowBetween,
  windowRowsMax,
  windowStep,
} from "./list-window.ts";
import { lazyParts } from "./message-context.ts";
import type { RowActions } from "./row-actions.ts";

export type MessageListProps = {
  /** Receives the component: Preact 11 hands `ref` to a component as a prop and does not fill it in. */
  handle: { current: MessageList | null };
  rows: readonly Row[];
  label: string;
  /** What is shown at the very beginning of the list. */
  start: preact.ComponentChildren;
  older: MoreState;
  newer: MoreState;
  unreadCount: number;
  myVotes: Readonly<Record<string, readonly number[]>>;
  actions: RowActions;
  /** The `seq` of a message to bring into view. */
  highlighted: number | null;
  onLoadOlder: () => void;
  onLoadNewer: () => void;
  /** Called when the viewer wants to see the end and it is not loaded. */
  onGoToEnd: () => void;
  /** Called with the `seq` of the last message that was in view long enough to be read, while the window had focus. */
  onRead: (seq: number) => void;
  /** Called when the end comes into view, and when it leaves the view. */
  onFollow: (isFollowing: boolean) => void;
  onDismissUnread: () => void;
  /** Called with a character that is typed in the list while no message has the keyboard focus. */
  onTypeElsewhere: (character: string) => void;
  /** Called with a single key on a message. Returns whether the key was a command. */
  onKey: (key: string, entry: MessageEntry, spot: Spot) => boolean;
};

type State = {
  firstKey: string | null;
  lastKey: string | null;
  isFollowing: boolean;
  /** How many rows may be in the document. */
  rowsMax: number;
  isUnreadAbove: boolean;
  /** The key of the message under the pointer or with the focus. */
  activeKey: string | null;
};
type Anchor = { key: string; top: number };

const readAfterMs = 400;
const leftOut = "article :is(a, button):not([tabindex])";
/** A day row within this distance from the top edge is stuck to it. */
const stuckWithinPx = 6;

/**
 * The message list. About {@link windowRowsMax} rows are in the document. Around every change only `#restoreAnchor`
 * corrects the scroll position, so that the row being read does not move, whatever is added, loaded or resized.
 */
export class MessageList extends Component<MessageListProps, State> {
  override state: State = {
    firstKey: null,
    lastKey: null,
    isFollowing: true,
    rowsMax: windowRowsMax,
    isUnreadAbove: false,
    activeKey: null,
  };
  readonly #viewport = createRef<HTMLDivElement>();
  readonly #list = createRef<HTMLDivElement>();
  /** The row at the top edge and its position, as of the last scroll or change. */
  #anchor: Anchor | null = null;
  #resizes: ResizeObserver | null = null;
  #focusedRow: Element | null = null;
  /** What the focus came by, if not by the keyboard. A finger gets no toolbar: it presses and holds for the menu. */
  #pointer: string | null = null;
  /** The scroll position when it was last read or written here. */
  #lastTop = 0;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  /** Goes to the end of the list and follows it. */
  followEnd(): void {
    this.#setFollowing(true);
    this.setState({ firstKey: null, lastKey: null }, () => this.#restoreAnchor(null));
  }

  /** Brings the "New" line into view. */
  showUnread(): void {
    this.#show((row) => row.kind === "unread");
  }

  /** Brings a message into view if it is loaded, and focuses it. */
  showMessage(seq: number): void {
    this.#show((row) => row.kind === "message" && row.message.seq === seq, true);
  }

  /** Puts the focus on the last message. */
  focusLast(): void {
    this.#articles().at(-1)?.focus();
  }

  #show(isWanted: (row: Row) => boolean, hasFocus = false): void {
    const index = this.props.rows.findIndex(isWanted);
    if (index < 0) return;
    const { key } = this.props.rows[index]!;
    this.#setFollowing(false);
    this.#setWindow(windowAround(this.props.rows.length, index), () => {
      const line = this.#viewport.current ? this.#rowElement(key) : undefined;
      if (line) this.#scrollTo(line.offsetTop - this.#viewport.current!.clientHeight / 4);
      if (hasFocus) line?.querySelector<HTMLElement>("article")?.focus({ preventScroll: true });
      this.#anchor = this.#findAnchor();
      // The row that was shown may be the newest one.
      this.#afterMove();
    });
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    this.#resizes = new ResizeObserver(() => {
      this.#restoreAnchor(this.#anchor);
      this.#afterMove();
    });
    this.#resizes.observe(this.#viewport.current!);
    this.#resizes.observe(this.#list.current!);
    document.addEventListener("visibilitychange", this.#noteReading);
    window.addEventListener("focus", this.#noteReading);
    this.#open();
    this.#afterMove();
    this.#leaveOut();
  }

  /** The list is one stop of Tab: the arrow keys lead to what is in a message. */
  #leaveOut(): void {
    for (const element of this.#list.current!.querySelectorAll<HTMLElement>(leftOut)) element.tabIndex = -1;
  }

  /** Opens the list at the highlighted message, at the "New" line, or at its end. */
  #open(): void {
    const { highlighted, newer, rows } = this.props;
    if (highlighted !== null && rows.some((row) => row.kind === "message" && row.message.seq === highlighted))
      this.showMessage(highlighted);
    else if (rows.some((row) => row.kind === "unread")) this.#openAtUnread();
    else if (newer === "none") this.#restoreAnchor(null);
    else this.#setFollowing(false);
  }

  override componentWillUnmount(): void {
    this.#resizes?.disconnect();
    document.removeEventListener("visibilitychange", this.#noteReading);
    window.removeEventListener("focus", this.#noteReading);
    clearTimeout(this.#readTimer);
    cancelAnimationFrame(this.#frame);
  }

  override getSnapshotBeforeUpdate(): Anchor | null {
    const focused = document.activeElement!;
    this.#focusedRow = this.#list.current!.contains(focused) ? focused.closest(".row") : null;
    return this.#findAnchor();
  }

  override componentDidUpdate(before: MessageListProps, stateBefore: State, anchor: Anchor | null): void {
    const { rows } = this.props;
    this.#leaveOut();
    // The message with the focus is no longer in the document. A sent one is drawn anew in its row and gets it back; otherwise the
    // list takes it, so that it is not lost.
    if (this.#focusedRow && document.activeElement === document.body) {
      const article = this.#focusedRow.isConnected && this.#focusedRow.querySelector("article");
      (article || this.#viewport.current!).focus({ preventScroll: true });
    }
    // Other reasons to draw, such as typing or the pointer, do not restore the position, because that would stop a
    // scroll that is under way.
    const { firstKey, lastKey, isFollowing, rowsMax } = this.state;
    const isSameWindow =
      firstKey === stateBefore.firstKey &&
      lastKey === stateBefore.lastKey &&
      isFollowing === stateBefore.isFollowing &&
      rowsMax === stateBefore.rowsMax;
    if (before.rows === rows && before.newer === this.props.newer && isSameWindow) return;
    // An empty list has been loaded, or another part of the room has replaced this one.
    const isFilled = before.rows.length === 0 && rows.length > 0;
    const { highlighted } = this.props;
    if (isFilled || (highlighted !== null && before.highlighted !== highlighted)) {
      this.#open();
      this.#afterMove();
      return;
    }
    // The viewer's own new message always scrolls to the end, wherever they were reading.
    const newest = rows.at(-1);
    if (newest?.kind === "pending" && before.rows.at(-1)?.key !== newest.key && !this.state.isFollowing) {
      this.followEnd();
      return;
    }
    this.#restoreAnchor(anchor);
    // The rows may still not fill the view. If nothing grows beyond the view, no scroll event would say so.
    if (before.rows !== rows || rowsMax !== stateBefore.rowsMax) this.#afterMove();
  }

  override render() {
    const { label, older, newer, unreadCount, rows } = this.props;
    const { activeKey } = this.state;
    const { from, to } = this.#window();
    return (
      <div className="messages">
        <div
          className="messages-viewport"
          data-region="messages"
          ref={this.#viewport}
          onScroll={this.#onScroll}
          onKeyDown={this.#onKeyDown}
          onPointerDown={(event) => {
            this.#pointer = event.pointerType;
          }}
          onPointerOver={(event) => {
            if (event.pointerType !== "touch") this.#activate(event);
          }}
          onPointerLeave={(event) => {
            // An open menu or dialog is about this message, so the message stays active.
            if (event.pointerType !== "touch" && !document.querySelector("dialog[open]"))
              this.setState({ activeKey: null });
          }}
          onFocusIn={(event) => {
            // On a touch screen the toolbar would cover the message above the one that was gone to.
            if (this.#pointer !== "touch" && !(this.#pointer === null && isTouch())) this.#activate(event);
          }}
          onContextMenu={this.#onContextMenu}
          tabIndex={0}
          role="region"
          aria-label={label}
        >
          <div className="messages-list" role="list" ref={this.#list}>
            {from === 0 && older !== "none" ? (
              <MoreRow
                state={older}
                loading={rows.length === 0 ? t.room.loading : t.room.loadingOlder}
                failed={t.room.olderFailed}
                onLoad={this.props.onLoadOlder}
              />
            ) : null}
            {this.#rowsToDraw(from, to).map((row) => (
              <RowView
                key={row.key}
                row={row}
                start={this.props.start}
                isActive={activeKey === row.key}
                myVote={row.kind === "message" ? this.props.myVotes[row.message.seq] : undefined}
                actions={this.props.actions}
              />
            ))}
            {to === rows.length && newer !== "none" ? (
              <MoreRow
                state={newer}
                loading={t.room.loadingNewer}
                failed={t.room.newerFailed}
                onLoad={this.props.onLoadNewer}
              />
            ) : null}
          </div>
        </div>
        {this.state.isUnreadAbove && unreadCount > 0 ? (
          <div className="jump-pill jump-pill-top">
            <button type="button" className="pill-main" onClick={() => this.showUnread()}>
              {t.room.jumpToUnread}
            </button>
            <button type="button" className="pill-side" onClick={this.props.onDismissUnread}>
              {t.room.markRead}
            </button>
          </div>
        ) : null}
        {this.state.isFollowing ? null : (
          <div className="jump-pill jump-pill-bottom">
            <button
              type="button"
              className="pill-main"
              onClick={() => {
                // The button goes, and the focus stays in the list.
                this.#viewport.current!.focus({ preventScroll: true });
                if (newer === "none") this.followEnd();
                else this.props.onGoToEnd();
              }}
            >
              <DownIcon />
              {unreadCount === 0 ? t.room.toNewest : t.room.newMessages(unreadCount)}
            </button>
          </div>
        )}
      </div>
    );
  }

  #window(): Window {
    const { length } = this.props.rows;
    const { firstKey, lastKey, isFollowing, rowsMax } = this.state;
    return isFollowing
      ? windowAtEnd(length, rowsMax)
      : windowBetween(length, this.#indexOf(firstKey), this.#indexOf(lastKey), rowsMax);
  }

  /** The rows of the window, with the day of its first message before them. */
  #rowsToDraw(from: number, to: number): readonly Row[] {
    const { rows } = this.props;
    const shown = rows.slice(from, to);
    const day = rows.slice(0, from).findLast((row) => row.kind === "day");
    return day && shown[0]?.kind !== "day" ? [day, ...shown] : shown;
  }

  #indexOf(key: string | null): number {
    return key === null ? -1 : this.props.rows.findIndex((row) => row.key === key);
  }

  #setWindow({ from, to }: Window, done?: () => void): void {
    const { rows } = this.props;
    const rowsMax = Math.max(windowRowsMax, to - from);
    this.setState({ firstKey: rows[from]?.key ?? null, lastKey: rows[to - 1]?.key ?? null, rowsMax }, done);
  }

  #openAtUnread(): void {
    const viewport = this.#viewport.current!;
    const line = this.#rowElement("unread");
    // If all new messages fit on the screen, the list opens at its end.
    if (line && viewport.scrollHeight - line.offsetTop <= viewport.clientHeight * 0.9)
      this.#restoreAnchor(null);
    else this.showUnread();
  }

  // ---- the only code that writes the scroll position

  #restoreAnchor(anchor: Anchor | null): void {
    const viewport = this.#viewport.current;
    if (!viewport || this.#isHidden) return;
    if (this.state.isFollowing && this.props.newer === "none") {
      this.#scrollTo(viewport.scrollHeight);
    } else if (anchor) {
      const element = this.#rowElement(anchor.key);
      if (element) this.#scrollTo(scrollTopKeeping(viewport.scrollTop, this.#topOf(element), anchor.top));
    }
    this.#anchor = this.#findAnchor();
  }

  #scrollTo(top: number): void {
    const viewport = this.#viewport.current!;
    const before = viewport.scrollTop;
    if (Math.abs(before - top) >= 0.5) viewport.scrollTop = top;
    // A scroll from this code must not count as a scroll by the viewer.
    this.#lastTop += viewport.scrollTop - before;
  }

  #findAnchor(): Anchor | null {
    for (const element of this.#rowElements()) {
      const { key, kind } = element.dataset;
      // A day sticks to the top edge while its messages move, and the "New" line moves when older pages are added.
      if (kind === "day" || kind === "unread" || key === undefined) continue;
      const rect = element.getBoundingClientRect();
      const edge = this.#viewport.current!.getBoundingClientRect().top;
      if (rect.bottom > edge) return { key, top: rect.top - edge };
    }
    return null;
  }

  // ---- scrolling

  readonly #onScroll = (): void => {
    const viewport = this.#viewport.current;
    // The browser reports the last scroll after the list is gone.
    if (!viewport) return;
    const isUp = viewport.scrollTop < this.#lastTop - 1;
    const isDown = viewport.scrollTop > this.#lastTop + 1;
    this.#lastTop = viewport.scrollTop;
    if (isUp || isDown) this.#noteDirection(isUp ? "up" : "down");
    this.#anchor = this.#findAnchor();
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#afterMove());
  };

  /** Any scroll up stops following the end. A scroll down that comes near the end starts it again. */
  #noteDirection(direction: "up" | "down"): void {
    const { isFollowing } = this.state;
    const shown = this.#window();
    const isEndHere = shown.to === this.props.rows.length && this.props.newer === "none";
    const follows = followsAfter(direction, { isFollowing, isEndHere, below: this.#distanceToEnd() });
    if (isFollowing && !follows) this.#setWindow(shown);
    this.#setFollowing(follows);
  }

  #distanceToEnd(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.#viewport.current!;
    return scrollHeight - clientHeight - scrollTop;
  }

  /** Whether the list is hidden with its pane on a phone. Every position is then 0 and means nothing. */
  get #isHidden(): boolean {
    return (this.#viewport.current?.clientHeight ?? 0) === 0;
  }

  #afterMove(): void {
    const viewport = this.#viewport.current;
    if (!viewport || this.#isHidden) return;
    const { rows, older, newer } = this.props;
    const shown = this.#window();
    const { from, to } = shown;
    const above = viewport.scrollTop;
    const below = this.#distanceToEnd();
    // A larger window may have brought the end into view without any scrolling.
    const isAtEnd = newer === "none" && (this.state.isFollowing || (to === rows.length && below <= 1));
    if (isAtEnd) this.#setFollowing(true);
    const near = () => this.#rowsNear(shown);
    const moved = isAtEnd ? shown : moveWindow(shown, rows.length, { above, below, near });
    if (isAtEnd && from > 0 && above + below < moveWithinPx) {
      // The rows are so low, or the view is so high, that filling it takes more rows.
      this.setState({ rowsMax: this.state.rowsMax + windowStep });
    } else if (moved !== shown) {
      this.#setWindow(moved);
    } else if (above < moveWithinPx && from === 0 && older === "more") {
      this.props.onLoadOlder();
    }
    if (below < moveWithinPx && to === rows.length && newer === "more") this.props.onLoadNewer();
    this.#lookForUnread(from);
    this.#coverDays();
    this.#noteReading();
  }

  #rowsNear(shown: Window): Window {
    const elements = this.#rowElements().filter((element) => element.dataset.key !== undefined);
    // The day before the window may be drawn too. It has no span.
    const spans = elements.slice(elements.length - (shown.to - shown.from)).map((element) => {
      const top = this.#topOf(element);
      return element.dataset.kind === "day" ? null : { top, bottom: top + element.offsetHeight };
    });
    return rowsNear(shown, spans, this.#viewport.current!.clientHeight);
  }

  /** Hides all days that stick to the top edge but the last. */
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

  // ---- the keyboard: the list is one Tab stop, arrows move inside it

  readonly #onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }): void =>
    lazyParts.loaded?.runListKey(event, {
      articles: this.#articles(),
      isByPointer: this.#pointer !== null,
      isFollowing: this.state.isFollowing,
      onMoved: () => {
        this.#pointer = null;
      },
      runKey: (key, article) => this.#runKey(key, article),
      onTypeElsewhere: this.props.onTypeElsewhere,
    });

  #runKey(key: string, article: HTMLElement): boolean {
    const row = this.#rowOf(article);
    if (row?.kind === "message") return this.props.onKey(key, row.message, spotOf(article));
    if (row?.kind !== "pending" || key !== "c") return false;
    navigator.clipboard?.writeText(row.item.text).catch(() => {});
    return true;
  }

  #rowOf(element: Element): Row | undefined {
    const key = element.closest<HTMLElement>(".row")?.dataset.key;
    return this.props.rows.find((candidate) => candidate.key === key);
  }

  // ---- the pointer

  #activate(event: Event): void {
    const key = (event.target as Element).closest<HTMLElement>(".row-message")?.dataset.key ?? null;
    if (key !== this.state.activeKey) this.setState({ activeKey: key });
  }

  /**
   * Opens the menu of a message by a right click, or where a finger presses and holds. On a link or a selection the
   * browser's own menu opens.
   */
  readonly #onContextMenu = (event: MouseEvent): void => {
    const target = event.target as Element;
    const row = this.#rowOf(target);
    const isOwn = target.closest("a") !== null || !(getSelection()?.isCollapsed ?? true);
    if (row?.kind !== "message" || row.message.body.kind === "deleted" || isOwn) return;
    event.preventDefault();
    const { clientX: left, clientY: top } = event;
    this.props.actions.onMenu(row.message, { left, top, right: left, bottom: top });
  };

  // ---- the document

  /** Brings a message into view, if it is loaded and outside of it. */
  reveal(seq: number): void {
    const row = this.#rowElements().find((element) => element.dataset.seq === String(seq));
    row?.scrollIntoView({ block: "nearest" });
  }

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
