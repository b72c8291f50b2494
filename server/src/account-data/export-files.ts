import type { Person } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import { makeZip } from "client-zip";
import { type FileNeeds, openPart } from "../files/file-store.ts";
import { listFilesAfter } from "../files/queries.ts";
import { type ExportNeeds, exportAccount } from "./export-account.ts";

const pageFiles = 50;

/**
 * Returns a ZIP of all data the server keeps about a person, with their files. It is made while it is read: neither the
 * memory nor a disk has to hold it.
 */
export function exportWithFiles(
  app: ExportNeeds & Pick<FileNeeds, "blobs">,
  person: Person,
): ReadableStream<Uint8Array> {
  return makeZip(entriesOf(app, person));
}

async function* entriesOf(app: ExportNeeds & Pick<FileNeeds, "blobs">, person: Person) {
  yield { name: `novax-${person.username}.json`, input: exportAccount(app, person) };
  let after: FileId | null = null;
  for (;;) {
    const page = await listFilesAfter(app.db.sql, person.id, after, { limit: pageFiles });
    for (const { id, kind, name, createdAt } of page) {
      // It may have been deleted since the page was read.
      const part = await openPart(app, id, kind === "picture" ? "picture" : "original");
      if (!part) continue;
      const body = part.read({ start: 0, end: part.size });
      const input = body instanceof Blob ? body.stream() : body;
      // Two files can have the same name, so each is in a folder of its own.
      const lastModified = new Date(createdAt);
      const day = lastModified.toISOString().slice(0, 10);
      yield { name: `files/${day} ${id}/${name}`, input, lastModified };
    }
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
  }
}
