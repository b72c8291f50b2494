import type { FileId, FileInfo } from "@novax/protocol/files";
import { useEffect, useRef } from "preact/hooks";
import { CloseIcon, Icon } from "../../components/icons.tsx";
import { announce } from "../../lib/announce.ts";
import { formatBytes, formatPercent } from "../../lib/bytes.ts";
import { isTouch } from "../../lib/element.ts";
import type { Upload } from "../../stores/upload.ts";
import { more } from "../../texts/more.ts";
import { FileBox } from "./file-box.tsx";
import { FileName } from "./file-name.tsx";
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

/** The same file would be refused again. */
const refusedForGood: readonly string[] = ["file_empty", "file_too_large"];

/** The files of a message that is being written or edited, with how far each is. */
export function Attachments({ chat, ui, place, kept, onRemoveKept, onDescribeKept }: AttachmentsProps) {
  const uploads = chat.uploads.value;
  // Reading the signal draws them again with their progress.
  const items = uploads?.items.value.filter((item) => item.place === place) ?? [];
  const list = useRef<HTMLUListElement>(null);
  const newest = items.at(-1);
  useEffect(() => {
    if (newest) announce(more.spoken.attached(newest.name));
  }, [newest?.key]);
  if (items.length + kept.length === 0) return null;
  const failed = items.filter((item) => item.state.kind === "failed");
  /** Changes the list by the button that has the focus. It may be gone then: the focus goes to its neighbour. */
  const change = (run: () => void) => {
    const element = list.current!;
    const field = element.closest("form")?.querySelector("textarea");
    const index = [...element.children].findIndex((row) => row.contains(document.activeElement));
    run();
    setTimeout(() => {
      if (index < 0 || (document.activeElement && document.activeElement !== document.body)) return;
      const rows = element.isConnected ? element.querySelectorAll("li") : [];
      const row = rows[Math.min(index, rows.length - 1)];
      if (row) row.querySelector<HTMLElement>(".attachment-remove")?.focus();
      else if (!isTouch()) field?.focus();
    });
  };
  return (
    <>
      {failed.length > 0 ? (
        <p className="attachments-note attachments-problem" role="status">
          {more.files.notSent(failed.length)}
        </p>
      ) : items.length + kept.length > 2 ? (
        <p className="attachments-note only-phone">{more.files.count(items.length + kept.length)}</p>
      ) : null}
      <ul ref={list} className="attachments" aria-label={more.files.attached}>
        {kept.map((file) => (
          <KeptFile
            key={file.id}
            file={file}
            onAlt={() =>
              ui.open({
                kind: "describe",
                name: file.name,
                url: `/api/files/${file.id}/preview`,
                alt: file.alt ?? "",
                onDone: (alt) => onDescribeKept(file.id, alt),
              })
            }
            onRemove={() => change(() => onRemoveKept(file.id))}
          />
        ))}
        {[...failed, ...items.filter((item) => !failed.includes(item))].map((item) => (
          <Attachment
            key={item.key}
            item={item}
            url={uploads?.local.urlOf(item.key)}
            isAway={chat.client.state.value.kind === "away"}
            onAlt={() =>
              ui.open({
                kind: "describe",
                name: item.name,
                url: uploads?.local.urlOf(item.key) ?? "",
                alt: item.alt,
                onDone: (alt) => uploads?.setAlt(item.key, alt),
              })
            }
            onPause={() => change(() => uploads?.pause(item.key))}
            onResume={() => change(() => uploads?.resume(item.key))}
            onPlain={() => change(() => uploads?.sendPlain(item.key))}
            onRemove={() => change(() => uploads?.discard([item.key]))}
          />
        ))}
      </ul>
    </>
  );
}

function KeptFile({ file, onAlt, onRemove }: { file: FileInfo; onAlt: () => void; onRemove: () => void }) {
  return (
    <li className="attachment">
      {file.hasPreview ? (
        <img className="attachment-picture" src={`/api/files/${file.id}/preview`} alt={file.alt ?? ""} />
      ) : (
        <span className="file-kind">{kindMark(file)}</span>
      )}
      <span className="file-card-words">
        <FileName name={file.name} />
        <span className="file-facts">{formatBytes(file.size)}</span>
      </span>
      <span className="attachment-buttons">
        {file.kind === "picture" ? (
          <DescribeButton name={file.name} alt={file.alt ?? ""} onAlt={onAlt} />
        ) : null}
        <RemoveButton name={file.name} onRemove={onRemove} />
      </span>
    </li>
  );
}

function Attachment(props: {
  item: Upload;
  url: string | undefined;
  /** There is no connection. */
  isAway: boolean;
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
        <FileName name={name} />
        <span className="file-facts" role={hasFailed ? "alert" : undefined}>
          {props.isAway && isMoving ? more.files.offline(formatBytes(size)) : factsOf(item)}
        </span>
        {hasFailed && refusedAsPicture.includes(state.code) ? (
          <button type="button" className="button-subtle" onClick={props.onPlain}>
            {more.files.asFile}
          </button>
        ) : hasFailed && !refusedForGood.includes(state.code) ? (
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
          <DescribeButton name={name} alt={item.alt} onAlt={props.onAlt} />
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

function DescribeButton({ name, alt, onAlt }: { name: string; alt: string; onAlt: () => void }) {
  return (
    <button
      type="button"
      className="button-icon button-small"
      aria-label={more.files.describe(name)}
      title={alt === "" ? more.files.describeHint : alt}
      onClick={onAlt}
    >
      <WordsIcon />
    </button>
  );
}

function RemoveButton({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      className="button-icon button-small attachment-remove"
      aria-label={more.files.remove(name)}
      title={more.files.remove(name)}
      onClick={onRemove}
    >
      <CloseIcon />
    </button>
  );
}
