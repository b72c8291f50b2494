import type { FileInfo } from "@novax/protocol/files";
import { useEffect, useRef, useState } from "preact/hooks";
import { DownIcon, Icon } from "../../components/icons.tsx";
import { formatBytes } from "../../lib/bytes.ts";
import { formatLength } from "../../lib/duration.ts";
import { more } from "../../texts/more.ts";
import { FileName } from "./file-name.tsx";
import { isReadable } from "./file-preview.ts";
import type { FileBoxProps } from "./files-context.ts";
import { kindMark } from "./kind-mark.ts";

const PlayIcon = () => <Icon path="M7 5v14l12-7L7 5Z" />;
const PauseIcon = () => <Icon path="M8 5v14M16 5v14" />;
const keyStepSeconds = 5;
const speeds = [1, 1.5, 2] as const;

/** A file that is no picture: a video, a recording, or a card. */
export function FileBox({ file, localUrl, onOpen }: FileBoxProps) {
  const url = localUrl ?? `/api/files/${file.id}`;
  if (file.kind === "video") return <VideoBox file={file} url={url} />;
  if (file.kind === "audio") return <AudioPlayer file={file} url={url} />;
  return <FileCard file={file} url={url} onOpen={onOpen} />;
}

function FileCard({ file, url, onOpen }: { file: FileInfo; url: string; onOpen: () => void }) {
  const words = (
    <>
      <span className="file-kind" aria-hidden="true">
        {kindMark(file)}
      </span>
      <span className="file-card-words">
        <FileName name={file.name} />
        <span className="file-facts">
          {formatBytes(file.size)}
          {isReadable(file) ? ` · ${more.files.preview}` : ""}
        </span>
      </span>
    </>
  );
  return (
    <div className="file-card">
      {isReadable(file) ? (
        <button type="button" className="file-card-open" onClick={onOpen}>
          {words}
        </button>
      ) : (
        words
      )}
      <a
        className="button-icon"
        href={url}
        download={file.name}
        aria-label={more.files.download(file.name)}
        title={more.files.download(file.name)}
      >
        <DownIcon />
      </a>
    </div>
  );
}

function VideoBox({ file, url }: { file: FileInfo; url: string }) {
  return (
    // biome-ignore lint/a11y/useMediaCaption: people's videos have no captions
    <video
      controls
      preload="metadata"
      playsInline
      src={url}
      poster={file.hasPreview ? `/api/files/${file.id}/preview` : undefined}
      aria-label={file.alt ?? file.name}
    />
  );
}

/** Only one of all recordings plays at a time. */
let playing: HTMLAudioElement | null = null;

function AudioPlayer({ file, url }: { file: FileInfo; url: string }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState<number>(1);
  const [measured, setMeasured] = useState<number | null>(null);
  const length = file.durationMs === undefined ? (measured ?? 0) : file.durationMs / 1000;
  useEffect(() => {
    // The signal of a frame: `timeupdate` comes four times a second, which looks like a stutter.
    if (!isPlaying) return;
    let frame = requestAnimationFrame(function draw() {
      setAt(audio.current?.currentTime ?? 0);
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying]);
  const toggle = () => {
    const element = audio.current!;
    if (!element.paused) {
      element.pause();
      return;
    }
    if (playing !== element) playing?.pause();
    playing = element;
    element.playbackRate = speed;
    void element.play().catch(() => {});
  };
  const seek = (seconds: number) => {
    audio.current!.currentTime = seconds;
    setAt(seconds);
  };
  return (
    <div className="audio-player">
      {/* biome-ignore lint/a11y/useMediaCaption: recordings have no captions */}
      <audio
        ref={audio}
        src={url}
        preload={file.durationMs === undefined ? "metadata" : "none"}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setAt(0)}
        onLoadedMetadata={({ currentTarget: { duration } }) => {
          if (Number.isFinite(duration)) setMeasured(duration);
        }}
      />
      <button
        type="button"
        className="button-icon"
        aria-label={isPlaying ? more.files.pausePlaying(file.name) : more.files.play(file.name)}
        onClick={toggle}
      >
        {isPlaying ? <PauseIcon /> : <PlayIcon />}
      </button>
      <div className="audio-track">
        <Waveform peaks={file.peaks} played={length > 0 ? at / length : 0} />
        <input
          type="range"
          className="audio-seek"
          min={0}
          max={Math.max(1, Math.round(length * 10))}
          value={Math.round(at * 10)}
          onKeyDown={(event) => {
            // A step of its own is a tenth of a second, so that a pointer finds any place.
            const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
            if (step === undefined) return;
            event.preventDefault();
            seek(Math.min(length, Math.max(0, at + step * keyStepSeconds)));
          }}
          aria-label={more.files.position(file.name)}
          aria-valuetext={`${formatLength(at)} / ${formatLength(length)}`}
          onInput={(event) => {
            seek(Number(event.currentTarget.value) / 10);
          }}
        />
        <span className="audio-times">
          <span className="file-facts" dir="auto">
            {file.peaks === undefined ? file.name : more.files.recording}
          </span>
          <span>{formatLength(isPlaying || at > 0 ? at : length)}</span>
        </span>
      </div>
      <button
        type="button"
        className="audio-speed"
        aria-label={more.files.speed(speed)}
        onClick={() => {
          const next = speeds[(speeds.indexOf(speed as 1) + 1) % speeds.length]!;
          setSpeed(next);
          audio.current!.playbackRate = next;
        }}
      >
        {`${speed}×`}
      </button>
    </div>
  );
}

const bars = 64;
const barWidth = 3;
const barStep = 5;

/** The loudness of a recording as bars, those that were played in another colour. */
function Waveform({ peaks, played }: { peaks: string | undefined; played: number }) {
  const levels = peaks === undefined ? Array.from({ length: bars }, () => 24) : decodePeaks(peaks);
  return (
    <svg
      className="waveform"
      viewBox={`0 0 ${levels.length * barStep} 28`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {levels.map((level, index) => {
        const height = Math.max(2, (level / 255) * 28);
        return (
          <rect
            key={index}
            className={index / levels.length < played ? "waveform-played" : undefined}
            fill="currentColor"
            x={index * barStep}
            y={(28 - height) / 2}
            width={barWidth}
            height={height}
            rx={1}
          />
        );
      })}
    </svg>
  );
}

function decodePeaks(peaks: string): number[] {
  try {
    return [...atob(peaks)].map((sign) => sign.charCodeAt(0));
  } catch {
    return [];
  }
}
