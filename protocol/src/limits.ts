// Every bound of the protocol, in one place. Characters are UTF-16 code units, as `string.length` counts them.

export const usernameCharsMin = 2;
export const usernameCharsMax = 32;
export const displayNameCharsMax = 50;
export const emailCharsMax = 254;
export const passwordCodePointsMax = 128;

export const messageTextCharsMax = 4000;
/** What one socket frame from a client may hold; Bun closes the socket with 1009 beyond it. */
export const frameBytesMax = 64 * 1024;
/** The messages of one commit leave as one frame per room, split at this size. */
export const eventsFrameBytesMax = 16 * 1024;

/** The basic protocol's history, and the default page of `GET /api/messages`. */
export const historyMessagesMax = 50;
export const pageMessagesMax = 200;
/** A client further behind than this gets `resync` instead of a replay. */
export const resumeEventsMax = 1000;

export const connectionsPerAccountMax = 10;
export const malformedFramesMax = 3;
export const malformedWindowMs = 10_000;

export const typingSendEveryMs = 3000;
export const typingExpiresMs = 5000;
/** A person who reconnects within this time never went away. */
export const presenceGraceMs = 5000;
export const presenceNamesMax = 200;
