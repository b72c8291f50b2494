import type { FileId } from "@novax/protocol/files";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { productName, type ServerName } from "../lib/server-name.ts";
import type { Log } from "../log/log.ts";
import { findServerPicture, readPolicy } from "./policy-queries.ts";

/** The server's own name and sign, in memory because every page and mail shows them. */
export class ServerIdentity implements ServerName {
  readonly list: FreshList<{ name: string; icon: string; picture: FileId | null }>;

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList(app, {
      name: "identity.reread_failed",
      changedBy: "server_identity_changed",
      initial: { name: "", icon: "", picture: null },
      read: async () => {
        const { serverName, serverIcon } = await readPolicy(app.db.sql);
        return { name: serverName, icon: serverIcon, picture: await findServerPicture(app.db.sql) };
      },
    });
  }

  get name(): string {
    return this.list.current.name || productName;
  }

  /** Shown instead of the icon; null if the owner chose none. */
  get picture(): FileId | null {
    return this.list.current.picture;
  }

  /** A letter, a digit or an emoji; empty if the owner chose none. */
  get icon(): string {
    return this.list.current.icon;
  }
}
