import { isQuiet } from "@novax/protocol/quiet-hours";
import { serverNow } from "../features/server-now.ts";
import { preferences } from "../features/settings/preferences.ts";
import type { ChatStore } from "../stores/chat-store.ts";

let context: AudioContext | null = null;

/**
 * Plays a sound when more messages ask for the viewer's attention while the window is hidden or has no focus. Silent if
 * the viewer has turned sounds off or has set do not disturb.
 */
export function soundWhenMentioned(chat: ChatStore): void {
  let before = chat.attentionCount.peek();
  chat.attentionCount.subscribe((attention) => {
    const isMore = attention > before;
    before = attention;
    const { dndUntil, quietHours } = chat.me.lists.peek();
    const isDnd = dndUntil !== null || isQuiet(quietHours, serverNow(chat));
    if (isMore && !isDnd && !chat.reading.isAttended.peek() && preferences.peek().hasSound) playSound();
  });
}

/**
 * Plays two soft notes that are made here, so no file is loaded. Browsers allow it once the viewer has used the page.
 */
function playSound(): void {
  try {
    context ??= new AudioContext();
    const { currentTime } = context;
    for (const [index, frequency] of [660, 880].entries()) {
      const tone = context.createOscillator();
      const loudness = context.createGain();
      const from = currentTime + index * 0.12;
      tone.frequency.value = frequency;
      loudness.gain.setValueAtTime(0, from);
      loudness.gain.linearRampToValueAtTime(0.08, from + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.3);
      tone.connect(loudness).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.3);
    }
  } catch {
    // Without sound the count in the title still says it.
  }
}
