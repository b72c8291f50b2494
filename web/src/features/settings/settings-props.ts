import type { DialogProps } from "../props.ts";

/**
 * What each page of the settings needs. `saved` says that a command was done; null says nothing. `isForStatus`: they were
 * opened to set a status.
 */
export type SettingsProps = Pick<DialogProps, "chat" | "ui"> & {
  saved: (done: unknown) => void;
  isForStatus: boolean;
};
