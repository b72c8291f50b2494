/** The length of six of the longest emoji, with spaces. */
const emojiOnlyCharsMax = 120;

/** Whether a text is up to six emoji and nothing else. Those are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length < emojiOnlyCharsMax && /^\p{RGI_Emoji}{1,6}$/v.test(text.replace(/\s+/g, ""));
}
