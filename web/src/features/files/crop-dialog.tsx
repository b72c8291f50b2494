import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { CropProps } from "./files-context.ts";

const viewPx = 280;
const savedPx = 512;
const zoomMax = 5;
const stepPx = 10;

/** Chooses the square of a picture that is shown: it is moved by pointer or arrow keys, and zoomed. */
export function CropDialog({ file, onDone, onClose }: CropProps) {
  const [bitmap, setBitmap] = useState<ImageBitmap | "failed" | null>(null);
  const [zoom, setZoom] = useState(1);
  /** Where the middle of the square is, as a part of the picture. */
  const [middle, setMiddle] = useState({ x: 0.5, y: 0.5 });
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);
  useEffect(() => {
    let loaded: ImageBitmap | null = null;
    void createImageBitmap(file).then(
      (made) => {
        loaded = made;
        setBitmap(made);
      },
      () => setBitmap("failed"),
    );
    return () => loaded?.close();
  }, [file]);
  const picture = bitmap instanceof ImageBitmap ? bitmap : null;
  const side = picture ? Math.min(picture.width, picture.height) / zoom : 1;
  const place = picture
    ? {
        x: clamp(middle.x * picture.width - side / 2, picture.width - side),
        y: clamp(middle.y * picture.height - side / 2, picture.height - side),
      }
    : { x: 0, y: 0 };
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !picture) return;
    const pixels = viewPx * 2;
    context.clearRect(0, 0, pixels, pixels);
    context.drawImage(picture, place.x, place.y, side, side, 0, 0, pixels, pixels);
  });
  const move = (x: number, y: number) => {
    if (!picture) return;
    const scale = side / canvas.current!.clientWidth;
    setMiddle({
      x: (clamp(place.x - x * scale, picture.width - side) + side / 2) / picture.width,
      y: (clamp(place.y - y * scale, picture.height - side) + side / 2) / picture.height,
    });
  };
  const save = async () => {
    if (!picture) return;
    const pixels = Math.max(1, Math.min(savedPx, Math.round(side)));
    const cut = new OffscreenCanvas(pixels, pixels);
    cut.getContext("2d")!.drawImage(picture, place.x, place.y, side, side, 0, 0, pixels, pixels);
    onDone(await cut.convertToBlob({ type: "image/png" }));
    onClose();
  };
  return (
    <Dialog title={more.files.cropTitle} onClose={onClose}>
      {bitmap === "failed" ? (
        <p>{more.files.notPicture}</p>
      ) : (
        <>
          <div
            className="crop-view"
            tabIndex={0}
            data-autofocus
            role="application"
            aria-label={more.files.cropHint}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              drag.current = { x: event.clientX, y: event.clientY };
            }}
            onPointerMove={(event) => {
              if (!drag.current) return;
              move(event.clientX - drag.current.x, event.clientY - drag.current.y);
              drag.current = { x: event.clientX, y: event.clientY };
            }}
            onPointerUp={() => {
              drag.current = null;
            }}
            onWheel={(event) => {
              event.preventDefault();
              setZoom((now) => Math.min(zoomMax, Math.max(1, now * (event.deltaY < 0 ? 1.1 : 1 / 1.1))));
            }}
            onKeyDown={({ key }) => {
              if (key === "ArrowLeft") move(stepPx, 0);
              else if (key === "ArrowRight") move(-stepPx, 0);
              else if (key === "ArrowUp") move(0, stepPx);
              else if (key === "ArrowDown") move(0, -stepPx);
            }}
          >
            <canvas ref={canvas} width={viewPx * 2} height={viewPx * 2} />
          </div>
          <label className="form-field">
            <span>{more.files.zoom}</span>
            <input
              type="range"
              className="crop-zoom"
              min={1}
              max={zoomMax}
              step={0.05}
              value={zoom}
              onInput={(event) => setZoom(Number(event.currentTarget.value))}
            />
          </label>
        </>
      )}
      <div className="dialog-actions">
        <button type="button" className="button-secondary" onClick={onClose}>
          {t.app.cancel}
        </button>
        <button type="button" className="button-primary" disabled={!picture} onClick={() => void save()}>
          {t.app.save}
        </button>
      </div>
    </Dialog>
  );
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(0, max), Math.max(0, value));
}
