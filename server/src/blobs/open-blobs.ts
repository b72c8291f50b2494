import { join } from "node:path";
import { prepareDataFolder } from "../config/data-folder.ts";
import type { Config } from "../config/read-config.ts";
import type { BlobStore } from "./blob-store.ts";
import { createDiskBlobs } from "./disk-blobs.ts";
import { createS3Blobs } from "./s3-blobs.ts";
import { prepareSpool } from "./spool.ts";

/** Files are kept in the data folder unless an S3-compatible store is set. What is being received waits in the folder. */
export function openBlobs({ dataDir, s3 }: Pick<Config, "dataDir" | "s3">): BlobStore {
  prepareDataFolder(dataDir);
  const folder = join(dataDir, "files");
  const blobs = s3 ? createS3Blobs(s3, join(folder, "incoming")) : createDiskBlobs(folder);
  // By this machine's clock, which has dated the files.
  prepareSpool(blobs.spoolFolder, Date.now());
  return blobs;
}
