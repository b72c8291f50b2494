import type { FileId, FileInfo, FilePurpose } from "@novax/protocol/files";
import type { ComponentChildren, FunctionComponent } from "preact";
import { lazyFrom } from "../../components/lazy.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import type { LocalFacts } from "../../stores/upload.ts";
import type { PanelProps } from "../props.ts";

/** What shows files needs of the page. */
export type FileActions = {
  /** The bytes of this page for a file, if it has them. */
  localUrl: (id: string) => string | undefined;
  /** Opens one of several files, large. */
  onOpenFile: (files: readonly FileInfo[], index: number) => void;
};

export type AttachmentsProps = {
  chat: ChatStore;
  ui: UiStore;
  place: string;
  /** The files that the message being edited has. */
  kept: readonly FileInfo[];
  onRemoveKept: (id: string) => void;
  onDescribeKept: (id: string, alt: string) => void;
};

export type DropTargetProps = {
  /** Names where the files go. */
  label: string;
  onFiles: (files: readonly File[]) => void;
};

export type RecorderProps = {
  /** `isSent`: it is to be sent at once. */
  onDone: (file: File, facts: LocalFacts, isSent: boolean) => void;
  onCancel: () => void;
  /** There is no microphone, or the viewer does not want it used. */
  onRefused: () => void;
};

export type FileBoxProps = { file: FileInfo; localUrl: string | undefined; onOpen: () => void };

export type PendingProgressProps = { chat: ChatStore; keys: readonly string[]; onTakeBack: () => void };

export type MovingPictureProps = { file: FileInfo; localUrl: string | undefined; onLoad: () => void };

export type LightboxProps = {
  chat: ChatStore;
  files: readonly FileInfo[];
  index: number;
  onShowInChat: ((index: number) => void) | null;
  onClose: () => void;
};

export type DescribeProps = {
  name: string;
  url: string;
  alt: string;
  onDone: (alt: string) => void;
  onClose: () => void;
};

export type CropProps = { file: Blob; onDone: (square: Blob) => void; onClose: () => void };

export type PictureFieldProps = {
  chat: ChatStore;
  ui: UiStore;
  label: string;
  purpose: Extract<FilePurpose, "person" | "room" | "server">;
  /** As it is now. */
  children: ComponentChildren;
  hasPicture: boolean;
  /** Resolves with whether it was done. */
  onChange: (picture: FileId | null) => Promise<boolean>;
};

/** The lazy code of files. */
export type FileParts = {
  Attachments: FunctionComponent<AttachmentsProps>;
  DropTarget: FunctionComponent<DropTargetProps>;
  FileBox: FunctionComponent<FileBoxProps>;
  PicturePlaceholder: FunctionComponent<{ hash: string }>;
  MovingPicture: FunctionComponent<MovingPictureProps>;
  Recorder: FunctionComponent<RecorderProps>;
  FilesPanel: FunctionComponent<PanelProps>;
  Lightbox: FunctionComponent<LightboxProps>;
  CustomEmojiDialog: FunctionComponent<{ chat: ChatStore; ui: UiStore; onClose: () => void }>;
  CropDialog: FunctionComponent<CropProps>;
  PictureField: FunctionComponent<PictureFieldProps>;
  DescribeDialog: FunctionComponent<DescribeProps>;
  PendingProgress: FunctionComponent<PendingProgressProps>;
};

/** Loads that code. The page sets this function, because the page puts all of it into one file. */
export const fileParts = { load: (): Promise<FileParts> => Promise.reject(new Error("not set")) };

/** A component of that code, by its name. */
export const filePart = lazyFrom(() => fileParts.load());
