const pieceBytes = 8 * 1024 * 1024;

/** Uploads bytes as the page does, in pieces. Returns the path of the upload. */
export async function uploadBytes(
  origin: URL,
  token: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const headers = { origin: origin.origin, cookie: `novax_session=${token}`, "tus-resumable": "1.0.0" };
  const begun = await fetch(new URL("/api/uploads", origin), {
    method: "POST",
    headers: { ...headers, "upload-length": String(body.byteLength) },
  });
  const path = begun.headers.get("location");
  if (!path) throw new Error(`upload: ${begun.status} ${await begun.text()}`);
  for (let offset = 0; offset < body.byteLength; offset += pieceBytes) {
    const answer = await fetch(new URL(path, origin), {
      method: "PATCH",
      headers: {
        ...headers,
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(offset),
      },
      body: body.subarray(offset, offset + pieceBytes),
    });
    if (answer.status !== 204) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
  }
  return path;
}
