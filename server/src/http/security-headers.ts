// The browser may run nothing but our own files (ASVS 3.4). No page has an inline script, an inline style or an HTML
// string, so the policy needs no exceptions.

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types app",
].join("; ");

export function setSecurityHeaders(headers: Headers, isSecure: boolean): void {
  // A file from a person has a stricter policy of its own.
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", contentSecurityPolicy);
  headers.set("x-content-type-options", "nosniff");
  headers.set("x-frame-options", "DENY");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
  // A page whose URL contains a secret sets a stricter policy itself.
  if (!headers.has("referrer-policy")) headers.set("referrer-policy", "same-origin");
  headers.set("permissions-policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()");
  if (isSecure) headers.set("strict-transport-security", "max-age=31536000");
}
