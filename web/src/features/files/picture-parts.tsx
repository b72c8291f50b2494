import { useEffect, useRef, useState } from "preact/hooks";
import { thumbHashToRGBA } from "thumbhash";
import type { MovingPictureProps } from "./files-context.ts";

/** The blurred picture that is shown while the real one is loading. */
export function PicturePlaceholder({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const bytes = Uint8Array.from(atob(hash), (sign) => sign.charCodeAt(0));
    const { w, h, rgba } = thumbHashToRGBA(bytes);
    const element = canvas.current!;
    element.width = w;
    element.height = h;
    element.getContext("2d")!.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} />;
}

/** A picture that moves while the window has the focus, it is in view, and the viewer has not asked for less motion. */
export function MovingPicture({ file, localUrl, onLoad }: MovingPictureProps) {
  const image = useRef<HTMLImageElement>(null);
  const [isMoving, setMoving] = useState(false);
  useEffect(() => {
    const reduced = matchMedia("(prefers-reduced-motion: reduce)");
    let isInView = false;
    const note = () => {
      const wantsLess = reduced.matches || document.documentElement.dataset.motion === "reduced";
      setMoving(isInView && document.hasFocus() && !document.hidden && !wantsLess);
    };
    const watch = new IntersectionObserver(([entry]) => {
      isInView = entry?.isIntersecting ?? false;
      note();
    });
    watch.observe(image.current!);
    const events = ["focus", "blur"] as const;
    for (const event of events) addEventListener(event, note);
    document.addEventListener("visibilitychange", note);
    reduced.addEventListener("change", note);
    return () => {
      watch.disconnect();
      for (const event of events) removeEventListener(event, note);
      document.removeEventListener("visibilitychange", note);
      reduced.removeEventListener("change", note);
    };
  }, []);
  const still = `/api/files/${file.id}/preview`;
  return (
    <>
      <img
        ref={image}
        src={isMoving ? (localUrl ?? `/api/files/${file.id}`) : still}
        alt={file.alt ?? ""}
        decoding="async"
        draggable={false}
        onLoad={onLoad}
      />
      {isMoving ? null : (
        <span className="picture-badge" aria-hidden="true">
          GIF
        </span>
      )}
    </>
  );
}
