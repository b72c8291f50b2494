import { Icon } from "../../components/icons.tsx";
import { moveFocus } from "../../lib/move-focus.ts";
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
  const buttons: [label: string, path: string, run: () => void][] = [
    [more.composer.bold, "M7 5h6a3.5 3.5 0 0 1 0 7H7V5Zm0 7h7a3.5 3.5 0 0 1 0 7H7v-7Z", marks("**")],
    [more.composer.italic, "M10 5h7M7 19h7m1-14-6 14", marks("_")],
    [
      more.composer.strike,
      "M4 12h16M16.5 8A4 3.5 0 0 0 12 5C9.500 5 7.500 6.300 7.500 8.500c0 .8.300 1.500.900 2M7.500 16a4 3.500 0 0 0 4.500 3c2.500 0 4.500-1.300 4.500-3.500 0-.6-.1-1-.3-1.500",
      marks("~~"),
    ],
    [t.composer.code, "m9 7-5 5 5 5m6-10 5 5-5 5", marks("`")],
    [
      more.composer.codeBlock,
      "M9 4H8a2 2 0 0 0-2 2v3.500L4 12l2 2.500V18a2 2 0 0 0 2 2h1m6-16h1a2 2 0 0 1 2 2v3.500l2 2.500-2 2.500V18a2 2 0 0 1-2 2h-1",
      marks("\n```\n"),
    ],
    [more.composer.quote, "M5 5v14M9 8h10M9 12h10M9 16h6", prefix("> ")],
    [more.composer.list, "M5 7h.01M5 12h.01M5 17h.01M9 7h10M9 12h10M9 17h10", prefix("- ")],
    [
      more.composer.link,
      "M10 14a4 4 0 0 0 5.700.400l3-3a4 4 0 0 0-5.700-5.700l-1.500 1.500M14 10a4 4 0 0 0-5.700-.400l-3 3a4 4 0 0 0 5.700 5.700l1.500-1.500",
      marks("[", "](https://)"),
    ],
  ];
  return (
    <>
      {buttons.map(([label, path, run], index) => (
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
          <Icon path={path} />
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
  const buttons = event.currentTarget.parentElement!.querySelectorAll("button");
  moveFocus(event, [...buttons], { isSideways: true });
}
