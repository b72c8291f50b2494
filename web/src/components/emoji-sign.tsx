import { customEmojiName } from "@novax/protocol/text";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { customEmoji } from "../stores/custom-emoji.ts";

/** An emoji: a character, or one of the server's own, written `:name:`. A name that nobody has is shown as it is. */
export function EmojiSign({ emoji }: { emoji: string }) {
  const name = customEmojiName(emoji);
  return name === null ? emoji : <CustomEmojiSign name={name} />;
}

function CustomEmojiSign({ name }: { name: string }) {
  const known = customEmoji.list.value.get(name);
  useEffect(() => {
    if (!known) customEmoji.noteUnknown(name);
  }, [known, name]);
  if (!known) return <>{`:${name}:`}</>;
  return (
    <img
      className="custom-emoji"
      src={`/api/emoji/${name}?v=${known.picture}`}
      alt={`:${name}:`}
      title={`:${name}:`}
      draggable={false}
    />
  );
}

const inText = /(:[a-z0-9_+-]{2,32}:)/;

/** A text with the server's own emoji drawn in it. */
export function withCustomEmoji(text: string): ComponentChildren {
  if (!inText.test(text)) return text;
  return text
    .split(inText)
    .map((part, index) => (index % 2 === 1 ? <EmojiSign key={index} emoji={part} /> : part));
}
