import { voicePeaksMax } from "@novax/protocol/limits";
import { useEffect, useRef, useState } from "preact/hooks";
import { CloseIcon, Icon, SendIcon } from "../../components/icons.tsx";
import { formatLength } from "../../lib/duration.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { RecorderProps } from "./files-context.ts";

const StopIcon = () => <Icon path="M7 7h10v10H7z" />;

/** Safari plays only MP4; others record WebM where they have no MP4. */
const types = [
  "audio/mp4;codecs=mp4a.40.2",
  "audio/mp4",
  "audio/webm;codecs=opus",
  "audio/webm",
  "audio/ogg",
];
const endings: Record<string, string> = { "audio/mp4": "m4a", "audio/webm": "webm", "audio/ogg": "ogg" };
const bitsPerSecond = 32_000;
const sampleEveryMs = 50;
const shownLevels = 60;
const secondsMax = 30 * 60;
/** A shorter press was a mistake. */
const secondsMin = 0.5;

type Recording = {
  recorder: MediaRecorder;
  stream: MediaStream;
  context: AudioContext;
  startedAt: number;
  /** All of it, once the recorder has stopped: because it was told to, or because the microphone went away. */
  stopped: Promise<Blob>;
};

/** Records a voice message: how loud it is and how long, and the buttons to drop it, to hear it first, or to send it. */
export function Recorder({ onDone, onCancel, onRefused }: RecorderProps) {
  const [seconds, setSeconds] = useState(0);
  const [levels, setLevels] = useState<readonly number[]>([]);
  const all = useRef<number[]>([]);
  const recording = useRef<Recording | null>(null);
  const isWanted = useRef(true);
  const stopButton = useRef<HTMLButtonElement>(null);
  const isDropped = useRef(false);
  const drop = () => {
    isDropped.current = true;
    onCancel();
  };

  useEffect(() => {
    let timer: ReturnType<typeof setInterval> | undefined;
    void startRecording().then(
      (started) => {
        if (!isWanted.current) {
          release(started);
          return;
        }
        recording.current = started;
        const read = createLevelReader(started);
        timer = setInterval(() => {
          all.current.push(read());
          setLevels(all.current.slice(-shownLevels));
          const length = (performance.now() - started.startedAt) / 1000;
          setSeconds(length);
          // Nobody speaks on who can't see that it listens. What was said is kept. Without an element it is ending anyway.
          const isHidden = stopButton.current?.checkVisibility() === false;
          if (length >= secondsMax || isHidden) void finish(false);
        }, sampleEveryMs);
        stopButton.current?.focus();
        // The microphone was pulled out: what was said until then is kept.
        void started.stopped.then(() => {
          if (isWanted.current) void finish(false);
        });
      },
      () => onRefused(),
    );
    return () => {
      isWanted.current = false;
      clearInterval(timer);
      // The room was left: the recording waits in it, as what is written does.
      if (!isDropped.current) void finish(false);
      else if (recording.current) release(recording.current);
    };
  }, []);

  const finish = async (isSent: boolean) => {
    const current = recording.current;
    if (!current || isDropped.current) return;
    recording.current = null;
    const durationMs = Math.round(performance.now() - current.startedAt);
    if (current.recorder.state !== "inactive") current.recorder.stop();
    const blob = await current.stopped;
    release(current);
    if (durationMs < secondsMin * 1000 || blob.size === 0) {
      onCancel();
      return;
    }
    const type = blob.type.split(";")[0]!;
    const file = new File([blob], `${more.files.recording}.${endings[type] ?? "webm"}`, { type });
    onDone(file, { kind: "audio", durationMs, peaks: toPeaks(all.current) }, isSent);
  };

  return (
    <div
      className="recorder"
      role="group"
      aria-label={more.files.recordingNow}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        drop();
      }}
    >
      <button
        type="button"
        className="button-icon"
        aria-label={more.files.dropRecording}
        title={more.files.dropRecording}
        onClick={drop}
      >
        <CloseIcon />
      </button>
      <span className="recorder-dot" aria-hidden="true" />
      <span className="count recorder-time" role="timer">
        {formatLength(seconds)}
      </span>
      <span className="recorder-levels" aria-hidden="true">
        {levels.map((level, index) => (
          <span key={index} style={{ height: `${Math.max(6, (level / 255) * 100)}%` }} />
        ))}
      </span>
      <button
        ref={stopButton}
        type="button"
        className="button-icon"
        aria-label={more.files.stopRecording}
        title={more.files.stopRecording}
        onClick={() => void finish(false)}
      >
        <StopIcon />
      </button>
      <button
        type="button"
        className="composer-send"
        aria-label={t.composer.send}
        title={t.composer.send}
        onClick={() => void finish(true)}
      >
        <SendIcon />
      </button>
    </div>
  );
}

/** Asks for the microphone and begins. Rejects if there is none or the viewer says no. */
async function startRecording(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  try {
    const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, {
      ...(mimeType === undefined ? {} : { mimeType }),
      audioBitsPerSecond: bitsPerSecond,
    });
    const stopped = new Promise<Blob>((resolve) => {
      const parts: Blob[] = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = () => resolve(new Blob(parts, { type: recorder.mimeType }));
    });
    const context = new AudioContext();
    recorder.start();
    return { recorder, stream, context, startedAt: performance.now(), stopped };
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    throw error;
  }
}

/** Returns a function that says how loud it is now, from 0 to 255. */
function createLevelReader({ stream, context }: Recording): () => number {
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // The root, twice: quiet speech is heard, so it is seen as well.
    return Math.min(255, Math.round(255 * Math.sqrt(Math.sqrt(mean)) * 1.3));
  };
}

/** Turns the microphone off. */
function release({ stream, context }: Recording): void {
  for (const track of stream.getTracks()) track.stop();
  void context.close().catch(() => {});
}

/** The loudest of each part of the recording, in base64. */
function toPeaks(levels: readonly number[]): string {
  const count = Math.min(voicePeaksMax, Math.max(1, levels.length));
  const peaks = Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / count));
    return Math.max(0, ...levels.slice(from, to));
  });
  return btoa(String.fromCharCode(...peaks));
}
