/**
 * The Content-Disposition of a download (RFC 6266): the name in UTF-8, and in ASCII for old clients. A name cannot add
 * headers or parameters to it, because everything but a few signs is encoded.
 */
export function attachmentHeader(name: string): string {
  const ascii = name.replace(/[^\w .()-]/g, "_");
  const utf8 = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
