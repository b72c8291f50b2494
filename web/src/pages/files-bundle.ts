// Everything about files that the first view of the chat does not need, in one file. Import it only with `import()`.

export { CustomEmojiDialog } from "../features/emoji/custom-emoji-dialog.tsx";
export { Attachments } from "../features/files/attachments.tsx";
export { CropDialog } from "../features/files/crop-dialog.tsx";
export { DescribeDialog } from "../features/files/describe-dialog.tsx";
export { DropTarget } from "../features/files/drop-target.tsx";
export { FileBox } from "../features/files/file-box.tsx";
export { FilesPanel } from "../features/files/files-panel.tsx";
export { Lightbox } from "../features/files/lightbox.tsx";
export { PendingProgress } from "../features/files/pending-progress.tsx";
export { PictureField } from "../features/files/picture-field.tsx";
export { MovingPicture, PicturePlaceholder } from "../features/files/picture-parts.tsx";
export { Recorder } from "../features/files/recorder.tsx";
export { startUploads } from "../features/files/start-uploads.ts";
export { receiveShared } from "./receive-shared.ts";
