let context: AudioContext | null = null;

/** Two soft notes, made here: no file to load. Browsers allow it once somebody has used the page. */
export function playNotificationSound(): void {
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
    // No sound here; the count in the title says it too.
  }
}
