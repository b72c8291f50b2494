/**
 * Loads the WebAuthn library when the first passkey is made or used: loading its certificate parsers takes a tenth of
 * the start-up time, and most runs need none.
 */
export const loadWebAuthn = () => import("@simplewebauthn/server");
