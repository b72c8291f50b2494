import type { FileInfo } from "@novax/protocol/files";
import { useState } from "preact/hooks";
import { t } from "../../texts/text.ts";
import { type FileActions, filePart } from "./files-context.ts";
import { columnsOf, isTransparent, pictureBox, shapeOf } from "./picture-layout.ts";

const FileBox = filePart("FileBox");
const PicturePlaceholder = filePart("PicturePlaceholder");
const MovingPicture = filePart("MovingPicture");

/**
 * The files of a message. Every box has its final size before anything in it is loaded, so that the list never moves: the
 * grid of pictures here, players and cards when their code is there.
 */
export function MessageFiles({ files, actions }: { files: readonly FileInfo[]; actions: FileActions }) {
  const pictures = files.filter((file) => file.kind === "picture");
  const others = files.filter((file) => file.kind !== "picture");
  const columns = columnsOf(pictures.length);
  const open = (file: FileInfo) => actions.onOpenFile(files, files.indexOf(file));
  return (
    <div className="files">
      {pictures.length > 0 ? (
        <ul
          className={pictures.length === 1 ? "pictures pictures-one" : "pictures"}
          style={{ "--columns": String(columns) }}
        >
          {pictures.map((file) => (
            <li key={file.id}>
              <PictureButton
                file={file}
                isAlone={pictures.length === 1}
                localUrl={actions.localUrl(file.id)}
                onOpen={() => open(file)}
              />
            </li>
          ))}
        </ul>
      ) : null}
      {others.map((file) => (
        <div key={file.id} className={`file-box file-box-${shapeOf(file)}`} style={boxStyle(file)}>
          <FileBox file={file} localUrl={actions.localUrl(file.id)} onOpen={() => open(file)} />
        </div>
      ))}
    </div>
  );
}

function boxStyle(file: FileInfo) {
  if (shapeOf(file) !== "video") return undefined;
  const { width, height } = pictureBox(file);
  return { width: `${width}px`, aspectRatio: `${width} / ${height}` };
}

function PictureButton(props: {
  file: FileInfo;
  isAlone: boolean;
  localUrl: string | undefined;
  onOpen: () => void;
}) {
  const { file, isAlone, localUrl } = props;
  const [isLoaded, setLoaded] = useState(false);
  const box = pictureBox(file);
  return (
    <button
      type="button"
      className={isTransparent(file) ? "picture picture-transparent" : "picture"}
      style={isAlone ? { width: `${box.width}px`, aspectRatio: `${box.width} / ${box.height}` } : undefined}
      aria-label={`${t.files.open} ${file.alt ?? file.name}`}
      title={file.alt ?? file.name}
      onClick={props.onOpen}
    >
      {file.placeholder && !localUrl && !isLoaded ? <PicturePlaceholder hash={file.placeholder} /> : null}
      {file.isAnimated ? (
        <MovingPicture file={file} localUrl={localUrl} onLoad={() => setLoaded(true)} />
      ) : (
        <img
          src={localUrl ?? `/api/files/${file.id}/preview`}
          alt={file.alt ?? ""}
          decoding="async"
          loading="lazy"
          draggable={false}
          onLoad={() => setLoaded(true)}
        />
      )}
    </button>
  );
}
