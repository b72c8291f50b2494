import type { DraftFile, FileInfo, FileKind } from "@novax/protocol/files";

export type UploadState =
  /** The page is still finding out what it is. */
  | { kind: "preparing" }
  | { kind: "waiting" }
  | { kind: "uploading"; sent: number }
  | { kind: "paused"; sent: number }
  | { kind: "done"; file: FileInfo }
  | { kind: "failed"; detail: string; code: string };

/** What the page finds out about a file before it is sent. */
export type LocalFacts = Partial<Pick<FileInfo, "width" | "height" | "durationMs" | "peaks">> & {
  kind: FileKind;
};

/** A file that is being uploaded, or was, and is part of no message yet. */
export type Upload = LocalFacts & {
  readonly key: string;
  /** What it is attached to: a composer, or a message that waits to be sent. */
  readonly place: string;
  readonly name: string;
  readonly size: number;
  /** Send it as it is, and show no picture of it. */
  readonly isPlain: boolean;
  /** It was too large as a picture, and was made smaller here. */
  readonly isScaled: boolean;
  readonly alt: string;
  readonly uploadId: string | null;
  readonly addedAt: number;
  readonly state: UploadState;
};

/** As it is kept over a reload. */
export type StoredUpload = Omit<Upload, "state"> & { isPaused: boolean; isPrepared: boolean };

/** As it is sent with a message. */
export function toDraft({ alt, width, height, durationMs, peaks }: Upload, { id }: FileInfo): DraftFile {
  return {
    id,
    ...(alt.trim() === "" ? {} : { alt: alt.trim() }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(peaks === undefined ? {} : { peaks }),
  };
}
