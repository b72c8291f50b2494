import type { FileInfo } from "@novax/protocol/files";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatPercent } from "../../lib/bytes.ts";
import { more } from "../../texts/more.ts";
import { isTransparent } from "./picture-layout.ts";

const zoomStep = 1.5;
const wheelStep = 1.15;
const zoomMax = 8;
/** Every picture can be made so large that each of its pixels is seen. */
const scaleMax = 2;
/** A pointer that moved less has clicked. */
const dragFromPx = 4;

/** The middle between two fingers, and how far they are from each other. */
function spanOf([a, b]: TouchList): { clientX: number; clientY: number; length: number } {
  return {
    clientX: (a!.clientX + b!.clientX) / 2,
    clientY: (a!.clientY + b!.clientY) / 2,
    length: Math.hypot(a!.clientX - b!.clientX, a!.clientY - b!.clientY),
  };
}

/**
 * A picture that fits the window, and can be zoomed with the wheel, two fingers, + and -, or a click. The point under the
 * pointer stays where it is. A picture that is zoomed is moved by dragging, scrolling, or the arrow keys.
 */
export function ZoomedPicture({ file, url }: { file: FileInfo; url: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLButtonElement>(null);
  const [zoom, setZoom] = useState(1);
  const [isLoaded, setLoaded] = useState(false);
  /** How large a pixel of the picture is shown. */
  const [scale, setScale] = useState(1);
  /** A point of the picture, in parts of it, and where it is to be in the window. */
  const held = useRef<{ part: [number, number]; at: [number, number] } | null>(null);
  /** Where two fingers were, and how far from each other. */
  const pinch = useRef<ReturnType<typeof spanOf> | null>(null);
  const drag = useRef<{ x: number; y: number; hasMoved: boolean } | null>(null);
  const { width = 800, height = 600 } = file;

  const zoomBy = (factor: number, pointer?: { clientX: number; clientY: number }) => {
    const area = frame.current!.getBoundingClientRect();
    const shown = picture.current!.getBoundingClientRect();
    const [x, y] = pointer
      ? [pointer.clientX, pointer.clientY]
      : [area.left + area.width / 2, area.top + area.height / 2];
    held.current = {
      part: [(x - shown.left) / shown.width, (y - shown.top) / shown.height],
      at: [x, y],
    };
    setZoom((now) => {
      const most = Math.max(zoomMax, (scaleMax * now * width) / shown.width);
      return Math.min(most, Math.max(1, now * factor));
    });
  };
  useLayoutEffect(() => {
    const shown = picture.current!.getBoundingClientRect();
    setScale(shown.width / width);
    if (!held.current) return;
    const { part, at } = held.current;
    held.current = null;
    frame.current!.scrollBy({
      left: shown.left + part[0] * shown.width - at[0],
      top: shown.top + part[1] * shown.height - at[1],
      behavior: "instant",
    });
  }, [zoom]);
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === "+" || key === "=") zoomBy(zoomStep);
      else if (key === "-") zoomBy(1 / zoomStep);
      else if (key === "0") setZoom(1);
    };
    const onResize = () => setScale(picture.current!.getBoundingClientRect().width / width);
    // The dialog around it has its size only now.
    onResize();
    addEventListener("keydown", onKey);
    addEventListener("resize", onResize);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("resize", onResize);
    };
  }, []);
  return (
    <>
      <div
        ref={frame}
        className={zoom > 1 ? "lightbox-frame lightbox-frame-zoomed" : "lightbox-frame"}
        onWheel={(event) => {
          if (!event.ctrlKey && zoom === 1) return;
          event.preventDefault();
          zoomBy(event.deltaY < 0 ? wheelStep : 1 / wheelStep, event);
        }}
        onTouchStart={({ touches }) => {
          pinch.current = touches.length === 2 ? spanOf(touches) : null;
        }}
        onTouchMove={(event) => {
          if (pinch.current === null || event.touches.length !== 2) return;
          event.preventDefault();
          const next = spanOf(event.touches);
          zoomBy(next.length / pinch.current.length, next);
          pinch.current = next;
        }}
        // A finger scrolls by itself.
        onPointerDown={({ pointerType, button, clientX, clientY }) => {
          drag.current =
            zoom > 1 && pointerType !== "touch" && button === 0
              ? { x: clientX, y: clientY, hasMoved: false }
              : null;
        }}
        onPointerMove={(event) => {
          const from = drag.current;
          if (!from || event.buttons === 0) return;
          const [left, top] = [from.x - event.clientX, from.y - event.clientY];
          if (!from.hasMoved && Math.hypot(left, top) < dragFromPx) return;
          if (!from.hasMoved) {
            event.currentTarget.setPointerCapture(event.pointerId);
            event.currentTarget.classList.add("lightbox-frame-dragged");
          }
          event.currentTarget.scrollBy({ left, top, behavior: "instant" });
          drag.current = { x: event.clientX, y: event.clientY, hasMoved: true };
        }}
        onPointerUp={({ currentTarget }) => currentTarget.classList.remove("lightbox-frame-dragged")}
        onClickCapture={(event) => {
          if (drag.current?.hasMoved) event.stopPropagation();
          drag.current = null;
        }}
      >
        <button
          ref={picture}
          type="button"
          className={
            isTransparent(file) ? "lightbox-picture lightbox-picture-transparent" : "lightbox-picture"
          }
          aria-label={zoom > 1 ? more.files.zoomOut : more.files.zoomIn}
          style={{
            "--zoom": String(zoom),
            "--ratio": String(width / height),
            "--width": `${width}px`,
            backgroundImage: isLoaded || !file.hasPreview ? "none" : `url("/api/files/${file.id}/preview")`,
          }}
          // A press of a key has no place: the middle stays.
          onClick={(event) => (zoom > 1 ? setZoom(1) : zoomBy(2, event.detail > 0 ? event : undefined))}
        >
          <img src={url} alt={file.alt ?? file.name} draggable={false} onLoad={() => setLoaded(true)} />
        </button>
      </div>
      <div className="lightbox-zoom" role="group" aria-label={more.files.zoom}>
        <button
          type="button"
          className="button-icon"
          aria-label={more.files.zoomOut}
          aria-disabled={zoom <= 1}
          onClick={() => zoomBy(1 / zoomStep)}
        >
          −
        </button>
        <span className="count">{formatPercent(scale)}</span>
        <button
          type="button"
          className="button-icon"
          aria-label={more.files.zoomIn}
          aria-disabled={zoom >= zoomMax && scale >= scaleMax}
          onClick={() => zoomBy(zoomStep)}
        >
          +
        </button>
      </div>
    </>
  );
}
