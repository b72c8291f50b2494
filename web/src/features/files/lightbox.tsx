import type { FileId, FileInfo } from "@novax/protocol/files";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { BackIcon, CloseIcon, DownIcon, Icon } from "../../components/icons.tsx";
import { formatBytes } from "../../lib/bytes.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { copyText } from "../copy-text.ts";
import { FileBox } from "./file-box.tsx";
import { isReadable, readText } from "./file-preview.ts";
import type { LightboxProps } from "./files-context.ts";
import { ZoomedPicture } from "./zoomed-picture.tsx";

const ChatIcon = () => <Icon path="M4 5h16v11H9l-5 4V5Z" />;
const CopyIcon = () => <Icon path="M9 9h11v11H9zM5 15H4V4h11v1" />;
const panPx = 80;
const swipePx = 60;
const steps: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Files of a message, one at a time and as large as the window: arrow keys, zoom, download, and the way back to the chat. */
export function Lightbox({ chat, files, index: first, onShowInChat, onClose }: LightboxProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [index, setIndex] = useState(first);
  const file = files[index]!;
  const local = chat.uploads.peek()?.local;
  const localUrl = local?.urlOf(file.id);
  const url = localUrl ?? `/api/files/${local?.idOf(file.id) ?? file.id}`;
  useLayoutEffect(() => {
    dialog.current!.showModal();
    dialog.current!.focus();
  }, []);
  const go = (step: number) => setIndex((at) => Math.min(files.length - 1, Math.max(0, at + step)));
  const touch = useRef<{ x: number; y: number } | null>(null);
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      tabIndex={-1}
      aria-label={file.alt ?? file.name}
      onClose={onClose}
      onPointerDown={(event) => {
        // Two fingers zoom.
        touch.current =
          event.pointerType === "touch" && event.isPrimary ? { x: event.clientX, y: event.clientY } : null;
      }}
      onPointerUp={(event) => {
        const start = touch.current;
        touch.current = null;
        // A picture that is zoomed is moved by the finger.
        if (!start || event.currentTarget.querySelector(".lightbox-frame-zoomed")) return;
        const [x, y] = [event.clientX - start.x, event.clientY - start.y];
        if (Math.abs(x) > swipePx && Math.abs(x) > 2 * Math.abs(y)) go(x < 0 ? 1 : -1);
        else if (y > 2 * swipePx && Math.abs(y) > 2 * Math.abs(x)) dialog.current!.close();
      }}
      onClick={({ target }) => {
        if (target instanceof Element && target.matches(".lightbox-stage, .lightbox-frame"))
          dialog.current!.close();
      }}
      onKeyDown={(event) => {
        const { key } = event;
        if (event.target instanceof HTMLInputElement) return;
        // A picture that is zoomed is moved by the arrow keys.
        const zoomed = event.currentTarget.querySelector(".lightbox-frame-zoomed");
        const step = steps[key];
        if (zoomed && step) zoomed.scrollBy({ left: step[0] * panPx, top: step[1] * panPx });
        else if (key === "ArrowRight") go(document.dir === "rtl" ? -1 : 1);
        else if (key === "ArrowLeft") go(document.dir === "rtl" ? 1 : -1);
        else return;
        event.preventDefault();
      }}
    >
      <div className="lightbox-head">
        <span className="lightbox-words">
          <span className="file-name" dir="auto" title={file.alt ?? file.name}>
            {file.alt ?? file.name}
          </span>
          <span className="file-facts">
            {[
              ...(files.length > 1 ? [more.files.numberOf(index + 1, files.length)] : []),
              ...(file.alt ? [file.name] : []),
              formatBytes(file.size),
            ].join(" · ")}
          </span>
        </span>
        {onShowInChat ? (
          <button
            type="button"
            className="button-icon"
            aria-label={more.files.showInChat}
            title={more.files.showInChat}
            onClick={() => {
              dialog.current!.close();
              onShowInChat(index);
            }}
          >
            <ChatIcon />
          </button>
        ) : null}
        <a
          className="button-icon"
          href={url}
          download={file.name}
          aria-label={more.files.download(file.name)}
          title={more.files.download(file.name)}
        >
          <DownIcon />
        </a>
        <button
          type="button"
          className="button-icon"
          aria-label={more.app.close}
          title={more.app.close}
          onClick={() => dialog.current!.close()}
        >
          <CloseIcon />
        </button>
      </div>
      <div className="lightbox-stage">
        {file.kind === "picture" ? (
          <ZoomedPicture key={file.id} file={file} url={url} />
        ) : isReadable(file) ? (
          <TextPreview key={file.id} chat={chat} file={file} />
        ) : (
          <div className={`file-box file-box-${file.kind === "video" ? "video" : "card"} lightbox-box`}>
            <FileBox key={file.id} file={file} localUrl={localUrl} onOpen={() => {}} />
          </div>
        )}
      </div>
      {files.length > 1 ? (
        <>
          <button
            type="button"
            className="lightbox-step lightbox-before"
            aria-label={more.files.before}
            // Disabled it would lose the focus.
            aria-disabled={index === 0}
            onClick={() => go(-1)}
          >
            <BackIcon />
          </button>
          <button
            type="button"
            className="lightbox-step lightbox-after"
            aria-label={more.files.after}
            aria-disabled={index === files.length - 1}
            onClick={() => go(1)}
          >
            <BackIcon />
          </button>
        </>
      ) : null}
    </dialog>
  );
}

/** The beginning of a file of text or code. */
function TextPreview({ chat, file }: { chat: ChatStore; file: FileInfo }) {
  const [read, setRead] = useState<{ text: string; isWhole: boolean } | "failed" | null>(null);
  useEffect(() => {
    const local = chat.uploads.peek()?.local;
    const sent = { ...file, id: (local?.idOf(file.id) ?? file.id) as FileId };
    void readText(sent, local?.get(file.id)?.blob).then(
      (found) => setRead(found ?? "failed"),
      () => setRead("failed"),
    );
  }, [chat, file]);
  if (read === null) return null;
  if (read === "failed") return <p className="lightbox-note">{more.files.noPreview}</p>;
  return (
    <div className="text-preview">
      <div className="text-preview-head">
        <span>{read.isWhole ? "" : more.files.beginning}</span>
        <button
          type="button"
          className="button-icon"
          aria-label={more.message.copy}
          title={more.message.copy}
          onClick={() => void copyText(chat, read.text)}
        >
          <CopyIcon />
        </button>
      </div>
      <pre tabIndex={0} dir="auto">
        <code>{read.text}</code>
      </pre>
    </div>
  );
}
