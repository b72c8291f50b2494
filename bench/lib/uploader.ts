// Uploads files over and over until it is killed: bun uploader.ts URL TOKEN MEGABYTES. In a process of its own, so that what
// it does does not slow down the measurement.
import { uploadBytes } from "./upload.ts";

const [url = "", token = "", megabytes = "1"] = process.argv.slice(2);
const bytes = crypto.getRandomValues(new Uint8Array(65_536));
const body = Buffer.alloc(Number(megabytes) * 1_000_000, bytes);
for (;;) {
  const path = await uploadBytes(new URL(url), token, body).catch(() => null);
  const headers = { origin: new URL(url).origin, cookie: `novax_session=${token}` };
  if (path) await fetch(new URL(path, url), { method: "DELETE", headers }).catch(() => null);
  else await Bun.sleep(200);
}
