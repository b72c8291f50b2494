import { Icon } from "../../components/icons.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { toggleMarks, togglePrefix } from "./formatting-edits.ts";
import type { FormattingProps } from "./message-context.ts";

// Here, because only lazy code shows it.
const FormatIcon = () => <Icon path="M4 19 9 5l5 14m-8.5-4.5h7M16 19l2.5-7 2.5 7m-4-2h3" />;

/** The buttons that format the text of the composer. The arrow keys move between them; Tab leaves them. */
export function FormattingButtons({ onEdit, onHide }: FormattingProps) {
  const marks =
    (opening: string, closing = opening) =>
    () =>
      onEdit((field) => toggleMarks(field, opening, closing));
  const prefix = (sign: string) => () => onEdit((field) => togglePrefix(field, sign));
  const buttons: [label: string, sign: string, run: () => void][] = [
    [more.composer.bold, "B", marks("**")],
    [more.composer.italic, "I", marks("_")],
    [more.composer.strike, "S", marks("~~")],
    [t.composer.code, "<>", marks("`")],
    [more.composer.codeBlock, "{ }", marks("\n```\n")],
    [more.composer.quote, "❝", prefix("> ")],
    [more.composer.list, "•", prefix("- ")],
    [more.composer.link, "🔗", marks("[", "](https://)")],
  ];
  return (
    <>
      {buttons.map(([label, sign, run], index) => (
        <button
          key={label}
          type="button"
          tabIndex={index === 0 ? 0 : -1}
          className="button-format"
          aria-label={label}
          title={label}
          onPointerDown={(event) => event.preventDefault()}
          onKeyDown={moveInToolbar}
          onClick={run}
        >
          <span aria-hidden="true">{sign}</span>
        </button>
      ))}
      <button
        type="button"
        tabIndex={-1}
        className="button-format composer-formatting-hide"
        aria-label={more.composer.hideFormatting}
        title={more.composer.hideFormatting}
        onKeyDown={moveInToolbar}
        onClick={onHide}
      >
        <FormatIcon />
      </button>
    </>
  );
}

function moveInToolbar(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.parentElement!.querySelectorAll<HTMLElement>("button")];
  buttons[(buttons.indexOf(event.currentTarget) + step + buttons.length) % buttons.length]?.focus();
}
