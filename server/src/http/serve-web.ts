import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { projectFolder } from "../lib/paths.ts";

const folder = join(projectFolder, "web/dist");

const contentTypes: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

type WebFile = {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  brotli: Uint8Array<ArrayBuffer> | null;
  isHashed: boolean;
};

/** The hashed file names of one page's assets. */
export type PageAssets = { script: string; style: string; preload: string[] };

/** The built web client, held in memory because its files never change while the server runs. */
export type Web = {
  serve(path: string, acceptEncoding: string | null): Response | null;
  assets: { chat: PageAssets; signIn: PageAssets };
};

export function loadWeb(): Web {
  const manifestPath = join(folder, "manifest.json");
  if (!existsSync(manifestPath)) throw new Error("the web client isn't built; run: npm run build");
  const assets = JSON.parse(readFileSync(manifestPath, "utf8")) as Web["assets"];
  const files = new Map<string, WebFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = contentTypes[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const urlPath = `/${path.slice(folder.length + 1).replaceAll("\\", "/")}`;
    files.set(urlPath, {
      type,
      bytes: new Uint8Array(readFileSync(path)),
      brotli: existsSync(`${path}.br`) ? new Uint8Array(readFileSync(`${path}.br`)) : null,
      isHashed: urlPath.startsWith("/assets/"),
    });
  }
  return {
    assets,
    serve: (path, acceptEncoding) => {
      const file = files.get(path);
      if (!file) return null;
      const headers = new Headers({
        "content-type": file.type,
        "cache-control": file.isHashed ? "public, max-age=31536000, immutable" : "public, max-age=3600",
        vary: "accept-encoding",
      });
      if (file.brotli && /\bbr\b/.test(acceptEncoding ?? "")) {
        headers.set("content-encoding", "br");
        return new Response(file.brotli, { headers });
      }
      return new Response(file.bytes, { headers });
    },
  };
}
