import { messageTextCharsMax } from "@novax/protocol/limits";
import { Component, createRef } from "preact";
import { SendIcon } from "./icons.tsx";

export type ComposerProps = {
  /** Receives the component: Preact 11 hands `ref` to a component as a prop and does not fill it in. */
  handle: { current: Composer | null };
  roomName: string;
  draft: string;
  onDraft: (text: string) => void;
  onTyping: () => void;
  onSend: (text: string) => void;
};

const warnBelowChars = 200;
const wrappers: Record<string, string> = { b: "**", i: "_", e: "`" };

/** Where a message is written. Enter sends with a keyboard; with a touch screen it begins a new line. */
export class Composer extends Component<ComposerProps, { text: string }> {
  override state = { text: this.props.draft };
  readonly #field = createRef<HTMLTextAreaElement>();

  focus(): void {
    this.#field.current?.focus();
  }

  /** Adds what was typed elsewhere, and takes the focus. */
  type(character: string): void {
    this.focus();
    this.#change(this.state.text + character);
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    // On a phone the focus would bring the keyboard up before anybody asked for it.
    if (!isTouch()) this.focus();
  }

  override render() {
    const { roomName } = this.props;
    const { text } = this.state;
    const charsLeft = messageTextCharsMax - text.length;
    return (
      <form
        className="composer"
        onSubmit={(event) => {
          event.preventDefault();
          this.#send();
        }}
      >
        {/* Its copy of the text gives the field its height, so nothing is measured and nothing jumps. */}
        <div className="composer-grow" data-text={`${text}\n`}>
          <textarea
            ref={this.#field}
            className="composer-field"
            aria-label={`Message to ${roomName}`}
            placeholder={`Message to ${roomName}`}
            rows={1}
            dir="auto"
            enterkeyhint="enter"
            value={text}
            aria-invalid={charsLeft < 0}
            aria-describedby={charsLeft < warnBelowChars ? "composer-count" : undefined}
            onInput={(event) => {
              this.#change(event.currentTarget.value);
              this.props.onTyping();
            }}
            onKeyDown={this.#onKeyDown}
          />
        </div>
        {charsLeft < warnBelowChars ? (
          <span
            id="composer-count"
            className={charsLeft < 0 ? "composer-count composer-count-over" : "composer-count"}
          >
            {charsLeft < 0 ? `${-charsLeft} too many` : `${charsLeft} left`}
          </span>
        ) : null}
        <button
          type="submit"
          className="composer-send"
          aria-label="Send"
          // The phone's keyboard stays up while one goes on writing.
          onPointerDown={(event) => event.preventDefault()}
          disabled={text.trim() === "" || charsLeft < 0}
        >
          <SendIcon />
        </button>
      </form>
    );
  }

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses a word (229: Safari ends composing before the key).
    if (event.isComposing || event.keyCode === 229) return;
    const wrapper =
      (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
        ? wrappers[event.key.toLowerCase()]
        : undefined;
    if (wrapper) {
      event.preventDefault();
      this.#wrap(wrapper);
    } else if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      this.#send();
    }
  };

  #send(): void {
    const { text } = this.state;
    if (text.trim() === "" || text.length > messageTextCharsMax) return;
    this.props.onSend(text.replace(/\s+$/, ""));
    this.#change("");
    this.focus();
  }

  /** Puts the marks around the selection and keeps it selected. */
  #wrap(mark: string): void {
    const field = this.#field.current!;
    const { selectionStart: start, selectionEnd: end, value } = field;
    this.#change(value.slice(0, start) + mark + value.slice(start, end) + mark + value.slice(end), () =>
      field.setSelectionRange(start + mark.length, end + mark.length),
    );
  }

  #change(text: string, done?: () => void): void {
    this.setState({ text }, done);
    this.props.onDraft(text);
  }
}

export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
