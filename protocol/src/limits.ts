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

export const roomNameCharsMax = 60;
export const roomTopicCharsMax = 250;
export const roomDescriptionCharsMax = 1000;
export const groupPeopleMax = 12;
export const roomsPerPersonMax = 1000;
/** Rooms that a connection may say where it stands in; the others begin where it was greeted. */
export const positionsMax = 50;
export const membersAddedAtOnceMax = 50;

export const excerptCharsMax = 160;
export const mentionsPerMessageMax = 50;
/** Calling more people than this at once asks for a second yes. */
export const mentionConfirmAbove = 20;
export const reactionsPerMessageMax = 20;
export const pinsPerRoomMax = 100;
/** Counts of what is unread end here: 100 means "100 or more". */
export const unreadCountMax = 100;

export const pollChoicesMin = 2;
export const pollChoicesMax = 10;
export const pollQuestionCharsMax = 300;
export const pollChoiceCharsMax = 120;

export const slowModeSecondsMax = 6 * 3600;
export const statusTextCharsMax = 80;
export const noteCharsMax = 300;
export const keywordsMax = 30;
export const keywordCharsMax = 40;
export const filterWordsMax = 500;
export const bannedAddressesMax = 500;
export const scheduledPerPersonMax = 100;
export const remindersPerPersonMax = 100;
/** Nothing is promised for later than this. */
export const scheduleAheadMsMax = 366 * 24 * 3_600_000;
