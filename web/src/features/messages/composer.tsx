import type { MessageEntry } from "@novax/protocol/apply-event";
import { messageTextCharsMax } from "@novax/protocol/limits";
import { withoutMarks } from "@novax/protocol/markdown";
import { isBlank } from "@novax/protocol/names";
import { nameOf } from "@novax/protocol/person";
import { excerptOf, textOf } from "@novax/protocol/text";
import { Component, type ComponentChildren, createRef } from "preact";
import {
  ClipIcon,
  CloseIcon,
  EyeIcon,
  MicrophoneIcon,
  PlusIcon,
  SendIcon,
  SmileIcon,
} from "../../components/icons.tsx";
import { Markdown, type MarkdownPeople } from "../../components/markdown.tsx";
import { isTouch, type Spot, spotOf } from "../../lib/element.ts";
import { isCommand, latinKey } from "../../lib/keys.ts";
import type { LocalFacts } from "../../stores/upload.ts";
import { t } from "../../texts/text.ts";
import { filePart } from "../files/files-context.ts";
import { pickFiles } from "../files/pick-files.ts";
import { unlinkRooms } from "../rooms/unlink-rooms.ts";
import { setPreference } from "../settings/preferences.ts";
import { findToken, isMeant, type Suggestion, type Token } from "./completion.ts";
import { type ComposerMenuRequest, lazyPart, lazyParts } from "./message-context.ts";
import { completeToken, type FieldText, insertWords, type TextEdit } from "./text-edits.ts";

export type ComposerProps = {
  /** Receives the component: Preact 11 hands `ref` to a component as a prop and does not fill it in. */
  handle: { current: Composer | null };
  label: string;
  draft: string;
  /** The draft as another device or another tab has written it. It is taken over when nothing is being written here. */
  remoteDraft: string;
  replyingTo: MessageEntry | null;
  editing: MessageEntry | null;
  /** The unfinished text of an edit that the viewer left. */
  editText: string | null;
  /** Called with the text when the viewer leaves in the middle of an edit. */
  onLeave: (text: string) => void;
  /** The files that are attached, and whether there are any. */
  attachments: ComponentChildren;
  hasFiles: boolean;
  /** One of the files was refused, so that the message can't be sent as it is. */
  isHeld: boolean;
  onFiles: (files: readonly File[], facts?: LocalFacts) => void;
  /** The microphone can't be used. */
  onNoMicrophone: () => void;
  hasToolbar: boolean;
  takesFocus: boolean;
  people: MarkdownPeople;
  onDraft: (text: string) => void;
  onTyping: () => void;
  /** Sends, saves an edit, or runs a slash command. Resolves with the text that stays in the field. */
  onSubmit: (text: string) => Promise<string | undefined> | string | undefined;
  onCancel: () => void;
  onEditLast: () => void;
  onReplyLast: () => void;
  onEmoji: (spot: Spot, pick: (emoji: string) => void) => void;
  onMenu: (spot: Spot, request: ComposerMenuRequest) => void;
  suggest: (token: Token) => Promise<readonly Suggestion[]> | readonly Suggestion[];
};

type State = {
  text: string;
  suggestions: readonly Suggestion[];
  chosen: number;
  token: Token | null;
  isPreviewing: boolean;
  isFormatting: boolean;
  isRecording: boolean;
};

/** Both appear shortly after the page. Space for the buttons is reserved, so that nothing moves. */
const SuggestionList = lazyPart("SuggestionList");
const Recorder = filePart("Recorder");
const FormattingButtons = lazyPart("FormattingButtons");
const warnBelowChars = 200;
const wrappers: Record<string, string> = { b: "**", i: "_", e: "`" };
let nextId = 1;

const fieldOf = ({ value, selectionStart, selectionEnd }: HTMLTextAreaElement): FieldText => ({
  text: value,
  start: selectionStart,
  end: selectionEnd,
});

/** The composer. Enter sends; with a touch screen it starts a new line. */
export class Composer extends Component<ComposerProps, State> {
  override state: State = {
    text: this.props.editing
      ? (this.props.editText ?? unlinkRooms(textOf(this.props.editing.body)))
      : this.props.draft,
    suggestions: [],
    chosen: 0,
    token: null,
    isPreviewing: false,
    isFormatting: this.props.hasToolbar && !isTouch(),
    isRecording: false,
  };
  readonly #field = createRef<HTMLTextAreaElement>();
  readonly #listId = `suggestions-${nextId++}`;
  /** The start of the token whose list was closed. The list stays closed for this token. */
  #closedAt: number | null = null;
  #asked = 0;
  /** The draft from before an edit began. It comes back after the edit. */
  #kept: string | null = this.props.editing ? this.props.draft : null;

  focus(): void {
    this.#field.current?.focus();
  }

  get text(): string {
    return this.state.text;
  }

  get isEmpty(): boolean {
    return this.state.text === "";
  }

  /** Appends a text that was to be sent, on a line of its own, and takes the focus. */
  append(text: string): void {
    this.focus();
    this.#change([this.state.text, text].filter((part) => part !== "").join("\n"));
  }

  /** Appends a character that was typed elsewhere, and takes the focus. */
  type(character: string): void {
    this.#write();
    this.#change(this.state.text + character);
  }

  /** Ends the preview, if there is one. */
  #write(): void {
    this.setState({ isPreviewing: false }, () => this.focus());
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    // On a phone the focus would open the keyboard before the viewer wants to write.
    if (this.props.takesFocus && !isTouch()) this.focus();
  }

  override componentDidUpdate(before: ComposerProps, stateBefore: State): void {
    const { editing, replyingTo, remoteDraft } = this.props;
    const { chosen } = this.state;
    if (chosen !== stateBefore.chosen)
      document.getElementById(`${this.#listId}-${chosen}`)?.scrollIntoView({ block: "nearest" });
    if (editing !== before.editing) {
      if (editing) {
        this.#kept ??= this.state.text;
        this.setState({ text: this.#editStart(editing), isPreviewing: false }, () => this.#caretToEnd());
      } else if (this.#kept !== null) {
        this.setState({ text: this.#kept });
        this.#kept = null;
      }
    } else if (replyingTo && replyingTo !== before.replyingTo) this.focus();
    // A draft from another device is taken over if this window has no focus, or if this field still holds the draft
    // from before.
    else if (
      remoteDraft !== before.remoteDraft &&
      remoteDraft !== this.state.text &&
      !editing &&
      (!document.hasFocus() || this.state.text === before.remoteDraft)
    )
      this.setState({ text: remoteDraft });
  }

  override componentWillUnmount(): void {
    if (this.props.editing) this.props.onLeave(this.state.text);
  }

  override render() {
    const { label, replyingTo, editing, people, hasFiles } = this.props;
    const { text, suggestions, chosen, isPreviewing, isFormatting, isRecording } = this.state;
    const charsLeft = messageTextCharsMax - text.length;
    const isOpen = suggestions.length > 0;
    return (
      <form
        className="composer"
        onSubmit={(event) => {
          event.preventDefault();
          void this.#submit();
        }}
      >
        {isOpen ? (
          <SuggestionList
            id={this.#listId}
            suggestions={suggestions}
            chosen={chosen}
            onAccept={(suggestion) => this.#accept(suggestion)}
          />
        ) : null}
        {editing || replyingTo ? (
          <div className="composer-about">
            <span className="composer-about-words" id={`${this.#listId}-about`}>
              {editing ? (
                t.composer.editing
              ) : (
                <>
                  {t.composer.replyingTo} <strong>{nameOf(replyingTo!.sender)}</strong>:{" "}
                  <span className="quote-text">{withoutMarks(excerptOf(replyingTo!.body) ?? "")}</span>
                </>
              )}
            </span>
            <button
              type="button"
              className={editing ? "button-subtle" : "button-icon button-small"}
              aria-label={editing ? undefined : t.app.cancel}
              onClick={() => {
                this.props.onCancel();
                this.focus();
              }}
            >
              {editing ? t.app.cancel : <CloseIcon />}
            </button>
            {editing ? (
              <button
                type="submit"
                className="button-subtle"
                onPointerDown={(event) => event.preventDefault()}
              >
                {t.app.save}
              </button>
            ) : null}
          </div>
        ) : null}
        {isFormatting ? (
          <div
            className={`composer-formatting${isPreviewing ? " composer-formatting-off" : ""}`}
            role="toolbar"
            aria-label={t.composer.formatting}
          >
            <FormattingButtons
              onEdit={(change) => this.#edit(change)}
              onHide={() => this.#showFormatting(false)}
            />
          </div>
        ) : null}
        {this.props.attachments}
        {isRecording ? (
          <Recorder
            onDone={this.#onRecorded}
            onCancel={() => this.#stopRecording()}
            onRefused={() => {
              this.#stopRecording();
              this.props.onNoMicrophone();
            }}
          />
        ) : null}
        <div className="composer-line" hidden={isRecording}>
          <button
            type="button"
            className="button-icon"
            aria-label={t.composer.more}
            title={t.composer.more}
            aria-haspopup="menu"
            onClick={(event) =>
              this.props.onMenu(spotOf(event.currentTarget), {
                text,
                clear: () => this.#change(""),
                onFiles: this.props.onFiles,
                isFormatting,
                showFormatting: (isShown) => this.#showFormatting(isShown),
                isPreviewing,
                showPreview: (isShown) => this.setState({ isPreviewing: isShown }),
              })
            }
          >
            <PlusIcon />
          </button>
          <button
            type="button"
            className="button-icon only-fine"
            aria-label={t.files.attach}
            title={t.files.attach}
            onClick={() => pickFiles(this.props.onFiles)}
          >
            <ClipIcon />
          </button>
          {isPreviewing ? (
            <div
              className="composer-preview message-text"
              dir="auto"
              data-region="composer"
              role="group"
              aria-label={label}
              tabIndex={0}
              onKeyDown={({ key }) => {
                if (key === "Escape") this.#write();
              }}
            >
              <Markdown text={text} {...people} />
            </div>
          ) : (
            /* The copy of the text gives the field its height, so nothing is measured and nothing jumps. */
            <div className="composer-grow" data-text={`${text}\n`}>
              <textarea
                ref={this.#field}
                className="composer-field"
                data-region="composer"
                aria-label={label}
                placeholder={label}
                rows={1}
                dir="auto"
                enterkeyhint="enter"
                value={text}
                aria-invalid={charsLeft < 0}
                aria-describedby={`${this.#listId}-about ${this.#listId}-count`}
                aria-autocomplete={isOpen ? "list" : undefined}
                aria-controls={isOpen ? this.#listId : undefined}
                aria-activedescendant={isOpen && chosen >= 0 ? `${this.#listId}-${chosen}` : undefined}
                onInput={(event) => {
                  this.#change(event.currentTarget.value);
                  // So that the list of emoji is there when it's sent.
                  lazyParts.loaded?.withEmoji(event.currentTarget.value);
                  if (!editing) this.props.onTyping();
                  void this.#findToken();
                }}
                onPaste={this.#onPaste}
                onKeyDown={this.#onKeyDown}
                // The list is about the token before the caret, so moving the caret looks for it again.
                onKeyUp={({ key }) => {
                  if (isOpen && /Left|Right|Home|End/.test(key)) void this.#findToken();
                }}
                onClick={() => {
                  if (isOpen) void this.#findToken();
                }}
                onBlur={() => this.#closeList()}
              />
            </div>
          )}
          {charsLeft < warnBelowChars ? (
            <span
              id={`${this.#listId}-count`}
              className={charsLeft < 0 ? "composer-count composer-count-over" : "composer-count"}
            >
              {charsLeft < 0 ? t.composer.tooMany(-charsLeft) : t.composer.left(charsLeft)}
            </span>
          ) : null}
          {isPreviewing ? (
            <button
              type="button"
              className="button-icon"
              aria-label={t.composer.write}
              title={t.composer.write}
              onClick={() => this.#write()}
            >
              <EyeIcon />
            </button>
          ) : (
            <button
              type="button"
              className="button-icon"
              aria-label={t.composer.emoji}
              title={t.composer.emoji}
              onClick={(event) =>
                this.props.onEmoji(spotOf(event.currentTarget), (emoji) => {
                  this.#edit((field) => insertWords(field, emoji));
                })
              }
            >
              <SmileIcon />
            </button>
          )}
          {text === "" && !hasFiles && !editing ? (
            <button
              type="button"
              className="button-icon"
              aria-label={t.files.record}
              title={t.files.record}
              onClick={() => this.setState({ isRecording: true })}
            >
              <MicrophoneIcon />
            </button>
          ) : null}
          <button
            type="submit"
            className="composer-send"
            aria-label={editing ? t.composer.saveEdit : t.composer.send}
            title={editing ? t.composer.saveEdit : t.composer.send}
            // This keeps the focus in the field, so a phone's keyboard stays open.
            onPointerDown={(event) => event.preventDefault()}
            disabled={(isBlank(text) && !editing && !hasFiles) || charsLeft < 0 || this.props.isHeld}
          >
            <SendIcon />
          </button>
        </div>
      </form>
    );
  }

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses a word. Key code 229 is for Safari, which ends composing before the
    // key.
    if (event.isComposing || event.keyCode === 229) return;
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!isSend && this.state.suggestions.length > 0 && this.#onListKey(event)) return;
    const wrapper =
      isCommand(event) && !event.altKey && !event.shiftKey ? wrappers[latinKey(event)] : undefined;
    if (wrapper) {
      event.preventDefault();
      lazyParts.load().then(
        ({ toggleMarks }) => {
          if (this.#field.current) this.#edit((field) => toggleMarks(field, wrapper));
        },
        // Offline before it was loaded: nothing is changed, and the key works when the code is here.
        () => {},
      );
    } else if (isSend || (event.key === "Enter" && !event.shiftKey && !isTouch())) {
      event.preventDefault();
      void this.#submit();
    } else if (event.key === "Enter") {
      const next = lazyParts.loaded?.continueList(fieldOf(this.#field.current!));
      if (!next) return;
      event.preventDefault();
      this.#edit(() => next);
    } else if (event.key === "ArrowUp" && this.isEmpty && !event.altKey && !this.props.editing) {
      event.preventDefault();
      if (event.shiftKey) this.props.onReplyLast();
      else this.props.onEditLast();
    } else if (event.key === "Escape" && (this.props.editing || this.props.replyingTo)) {
      event.preventDefault();
      event.stopPropagation();
      this.props.onCancel();
    }
  };

  readonly #onRecorded = (file: File, facts: LocalFacts, isSent: boolean): void => {
    this.props.onFiles([file], facts);
    // It is attached when this has been drawn again.
    this.setState({ isRecording: false }, () => {
      setTimeout(() => {
        if (isSent) void this.#submit();
        else this.#field.current?.form?.querySelector<HTMLElement>(".attachment-recording button")?.focus();
      });
    });
  };

  #stopRecording(): void {
    this.setState({ isRecording: false }, () => this.focus());
  }

  /** What a program copies as text and as a picture of it, such as a table, is pasted as text. */
  readonly #onPaste = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    const words = event.clipboardData?.getData("text/plain") ?? "";
    const linked = lazyParts.loaded?.linkSelection(fieldOf(this.#field.current!), words);
    if (linked) {
      event.preventDefault();
      this.#edit(() => linked);
    } else if (files.length > 0 && words === "") {
      event.preventDefault();
      this.props.onFiles(files);
    }
  };

  #onListKey(event: KeyboardEvent): boolean {
    const { suggestions, chosen } = this.state;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const from = chosen < 0 && step < 0 ? 0 : chosen;
      this.setState({ chosen: (from + step + suggestions.length) % suggestions.length });
    } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && chosen >= 0)) {
      event.preventDefault();
      this.#accept(suggestions[Math.max(0, chosen)]!);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#closedAt = this.state.token?.start ?? null;
      this.#closeList();
    } else return false;
    return true;
  }

  async #findToken(): Promise<void> {
    const field = this.#field.current!;
    const token = findToken(field.value, field.selectionStart);
    const asked = ++this.#asked;
    if (!token || token.start === this.#closedAt) {
      if (!token) this.#closedAt = null;
      this.#closeList();
      return;
    }
    // Without a connection nothing is suggested, and what is typed is sent as it is.
    const suggestions = await Promise.resolve(this.props.suggest(token)).catch(() => []);
    if (asked === this.#asked)
      this.setState({ suggestions, chosen: isMeant(token, suggestions) ? 0 : -1, token });
  }

  /** Closes the list, and drops the suggestions that are still being fetched. */
  #stopLooking(): void {
    this.#asked += 1;
    this.#closeList();
  }

  #closeList(): void {
    if (this.state.suggestions.length > 0) this.setState({ suggestions: [], token: null });
  }

  #accept(suggestion: Suggestion): void {
    const { token } = this.state;
    if (!token) return;
    this.#edit((field) => completeToken(field, token.start, suggestion.insert));
    // The insertion also starts a search for suggestions, as typing does. It is dropped.
    this.#stopLooking();
  }

  async #submit(): Promise<void> {
    const { text } = this.state;
    const { editing, hasFiles, isHeld } = this.props;
    if ((isBlank(text) && !editing && !hasFiles) || text.length > messageTextCharsMax || isHeld) return;
    const wasEditing = editing !== null;
    this.#stopLooking();
    if (!wasEditing) this.#change("");
    this.setState({ isPreviewing: false });
    const kept = await this.props.onSubmit(text.trimEnd());
    if (kept !== undefined && this.state.text === "") this.#change(kept);
    // On a phone the field has the focus if the keyboard is open, and nothing else opens it.
    if (!isTouch()) this.focus();
  }

  /** Edits the field the way typing does, so that the viewer can undo it. */
  #edit(change: (field: FieldText) => TextEdit): void {
    const field = this.#field.current!;
    const { value } = field;
    const { text, start, end, replaced } = change(fieldOf(field));
    const { from, to, words } = replaced;
    const hadFocus = document.activeElement === field;
    field.focus();
    if (text !== value) {
      field.setSelectionRange(from, to);
      // `execCommand` is deprecated, but nothing else adds to the browser's undo history.
      if (!document.execCommand(words === "" ? "delete" : "insertText", false, words)) {
        field.value = text;
        this.#change(text);
      }
    }
    field.setSelectionRange(start, end);
    // An emoji from the sheet opens no keyboard.
    if (isTouch() && !hadFocus) field.blur();
  }

  /** Shows or hides the formatting buttons. This browser remembers it, but not on a phone, where space is short. */
  #showFormatting(isFormatting: boolean): void {
    this.setState({ isFormatting }, () => this.focus());
    if (!isTouch()) setPreference("hasToolbar", isFormatting);
  }

  #editStart({ body }: MessageEntry): string {
    return this.props.editText ?? unlinkRooms(textOf(body));
  }

  #caretToEnd(): void {
    const field = this.#field.current;
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  }

  #change(text: string, done?: () => void): void {
    this.setState({ text }, done);
    if (!this.props.editing) this.props.onDraft(text);
  }
}
