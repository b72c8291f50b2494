import { useEffect, useRef, useState } from "preact/hooks";
import type { DropTargetProps } from "./files-context.ts";

/** Takes files that are dropped anywhere on the conversation around it, and says so while they are held over it. */
export function DropTarget({ label, onFiles }: DropTargetProps) {
  const marker = useRef<HTMLDivElement>(null);
  const [isOver, setOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const area = marker.current!.closest<HTMLElement>(".room, .panel")!;
    let depth = 0;
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
    const end = () => {
      depth = 0;
      setOver(false);
    };
    // Entering a child comes before leaving its parent, so they are counted.
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(true);
    };
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = "copy";
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth -= 1;
      if (depth <= 0) end();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      end();
      const files = filesOnly(event.dataTransfer!);
      if (files.length > 0) take.current(files);
    };
    area.addEventListener("dragenter", enter);
    area.addEventListener("dragover", over);
    area.addEventListener("dragleave", leave);
    area.addEventListener("drop", drop);
    return () => {
      area.removeEventListener("dragenter", enter);
      area.removeEventListener("dragover", over);
      area.removeEventListener("dragleave", leave);
      area.removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div ref={marker} className={isOver ? "drop-target" : "visually-hidden"} aria-hidden="true">
      {isOver ? label : null}
    </div>
  );
}

/** The files of a drop, without folders, which a browser lists as files that cannot be read. */
function filesOnly({ items, files }: DataTransfer): File[] {
  const folders = new Set(
    [...items].flatMap((item, index) => (item.webkitGetAsEntry?.()?.isDirectory ? [index] : [])),
  );
  return [...files].filter((_, index) => !folders.has(index));
}
