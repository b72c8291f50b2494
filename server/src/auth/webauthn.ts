/**
 * The library that reads what authenticators say. It is loaded with the first passkey that is made or used: to load its
 * readers of certificates takes a tenth of a start, and most starts need none.
 */
export const loadWebAuthn = () => import("@simplewebauthn/server");
