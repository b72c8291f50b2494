import { Avatar } from "../../components/avatar.tsx";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import { more } from "../../texts/more.ts";
import type { SuggestionListProps } from "./message-context.ts";

/** The list of suggestions for the token. The field keeps the focus and handles the keys. */
export function SuggestionList({ id, suggestions, chosen, onAccept }: SuggestionListProps) {
  return (
    <div className="suggestions" role="listbox" id={id} aria-label={more.composer.suggestions}>
      {suggestions.map((suggestion, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which has the focus
        <div
          key={suggestion.insert}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          className={index === chosen ? "suggestion suggestion-chosen" : "suggestion"}
          // The field keeps the focus, and a finger may scroll the list. It accepts on click, because after a press the
          // list is gone and the click would reach what is below.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onAccept(suggestion)}
        >
          {suggestion.person ? <Avatar person={suggestion.person} size="tiny" /> : null}
          {suggestion.sign ? (
            <span className="suggestion-sign">
              <EmojiSign emoji={suggestion.sign} />
            </span>
          ) : null}
          <span>{suggestion.label}</span>
          {suggestion.hint === "" ? null : <span className="visually-hidden">, </span>}
          <span className="suggestion-hint">{suggestion.hint}</span>
        </div>
      ))}
    </div>
  );
}
