import type { FileId, FileInfo } from "@novax/protocol/files";
import { CloseIcon, Icon } from "../../components/icons.tsx";
import { formatBytes, formatPercent } from "../../lib/bytes.ts";
import type { Upload } from "../../stores/upload.ts";
import { more } from "../../texts/more.ts";
import { FileBox } from "./file-box.tsx";
import type { AttachmentsProps } from "./files-context.ts";
import { kindMark } from "./kind-mark.ts";

const PauseIcon = () => <Icon path="M8 5v14M16 5v14" />;
const PlayIcon = () => <Icon path="M7 5v14l12-7L7 5Z" />;
const WordsIcon = () => <Icon path="M4 6h16M4 11h16M4 16h9" />;

/** Refused as pictures; they can be sent as they are. */
const refusedAsPicture: readonly string[] = [
  "picture_too_large",
  "picture_unreadable",
  "picture_unsupported",
];

/** The files of a message that is being written or edited, with how far each is. */
export function Attachments({ chat, ui, place, kept, onRemoveKept }: AttachmentsProps) {
  const uploads = chat.uploads.value;
  // Reading the signal draws them again with their progress.
  const items = uploads?.items.value.filter((item) => item.place === place) ?? [];
  if (items.length + kept.length === 0) return null;
  return (
    <ul className="attachments" aria-label={more.files.attached}>
      {kept.map((file) => (
        <KeptFile key={file.id} file={file} onRemove={() => onRemoveKept(file.id)} />
      ))}
      {items.map((item) => (
        <Attachment
          key={item.key}
          item={item}
          url={uploads?.local.urlOf(item.key)}
          onAlt={() =>
            ui.open({
              kind: "describe",
              name: item.name,
              url: uploads?.local.urlOf(item.key) ?? "",
              alt: item.alt,
              onDone: (alt) => uploads?.setAlt(item.key, alt),
            })
          }
          onPause={() => uploads?.pause(item.key)}
          onResume={() => uploads?.resume(item.key)}
          onPlain={() => uploads?.sendPlain(item.key)}
          onRemove={() => uploads?.discard([item.key])}
        />
      ))}
    </ul>
  );
}

function KeptFile({ file, onRemove }: { file: FileInfo; onRemove: () => void }) {
  return (
    <li className="attachment">
      {file.hasPreview ? (
        <img className="attachment-picture" src={`/api/files/${file.id}/preview`} alt={file.alt ?? ""} />
      ) : (
        <span className="file-kind">{kindMark(file)}</span>
      )}
      <span className="file-card-words">
        <span className="file-name" dir="auto">
          {file.name}
        </span>
        <span className="file-facts">{formatBytes(file.size)}</span>
      </span>
      <RemoveButton name={file.name} onRemove={onRemove} />
    </li>
  );
}

function Attachment(props: {
  item: Upload;
  url: string | undefined;
  onAlt: () => void;
  onPause: () => void;
  onResume: () => void;
  onPlain: () => void;
  onRemove: () => void;
}) {
  const { item, url } = props;
  const { state, name, size } = item;
  const hasFailed = state.kind === "failed";
  const isMoving = state.kind === "uploading" || state.kind === "waiting";
  if (item.peaks !== undefined && url)
    return (
      <li className="attachment attachment-recording">
        <FileBox file={{ ...item, id: item.key as FileId, type: "" }} localUrl={url} onOpen={() => {}} />
        <RemoveButton name={name} onRemove={props.onRemove} />
      </li>
    );
  return (
    <li className={hasFailed ? "attachment attachment-failed" : "attachment"}>
      {item.kind === "picture" && url ? (
        <img className="attachment-picture" src={url} alt="" />
      ) : (
        <span className="file-kind">{kindMark(item)}</span>
      )}
      <span className="file-card-words">
        <span className="file-name" dir="auto" title={name}>
          {name}
        </span>
        <span className="file-facts" role={hasFailed ? "alert" : undefined}>
          {factsOf(item)}
        </span>
        {hasFailed && refusedAsPicture.includes(state.code) ? (
          <button type="button" className="button-subtle" onClick={props.onPlain}>
            {more.files.asFile}
          </button>
        ) : hasFailed ? (
          <button type="button" className="button-subtle" onClick={props.onResume}>
            {more.files.tryAgain}
          </button>
        ) : null}
        {item.isScaled && !hasFailed ? (
          <button type="button" className="button-subtle" onClick={props.onPlain}>
            {more.files.originalAsFile}
          </button>
        ) : null}
      </span>
      <span className="attachment-buttons">
        {item.kind === "picture" && !hasFailed ? (
          <button
            type="button"
            className="button-icon button-small"
            aria-label={more.files.describe(name)}
            title={item.alt === "" ? more.files.describeHint : item.alt}
            aria-pressed={item.alt !== ""}
            onClick={props.onAlt}
          >
            <WordsIcon />
          </button>
        ) : null}
        {isMoving && size > pauseFromBytes ? (
          <button
            type="button"
            className="button-icon button-small"
            aria-label={more.files.pause(name)}
            title={more.files.pause(name)}
            onClick={props.onPause}
          >
            <PauseIcon />
          </button>
        ) : state.kind === "paused" ? (
          <button
            type="button"
            className="button-icon button-small"
            aria-label={more.files.resume(name)}
            title={more.files.resume(name)}
            onClick={props.onResume}
          >
            <PlayIcon />
          </button>
        ) : null}
        <RemoveButton name={name} onRemove={props.onRemove} />
      </span>
      {state.kind === "uploading" || state.kind === "paused" ? (
        <progress
          className="attachment-progress"
          max={size}
          value={state.sent}
          aria-label={more.files.progress(name)}
        />
      ) : null}
    </li>
  );
}

/** A smaller file is there before a button could be pressed. */
const pauseFromBytes = 2_000_000;

function factsOf({ state, size, isScaled }: Upload): string {
  const total = formatBytes(size);
  switch (state.kind) {
    case "failed":
      return state.detail;
    case "uploading":
      return more.files.sentOf(formatPercent(state.sent / size), total);
    case "paused":
      return more.files.pausedAt(formatPercent(state.sent / size), total);
    default:
      return isScaled ? more.files.scaled(total) : total;
  }
}

function RemoveButton({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      className="button-icon button-small"
      aria-label={more.files.remove(name)}
      title={more.files.remove(name)}
      onClick={onRemove}
    >
      <CloseIcon />
    </button>
  );
}
