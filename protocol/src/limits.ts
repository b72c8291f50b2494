// All limits of the protocol. Characters are UTF-16 code units, as `string.length` counts them.

export const usernameCharsMin = 2;
export const usernameCharsMax = 32;
export const displayNameCharsMax = 50;
export const emailCharsMax = 254;
export const passwordCodePointsMax = 128;

export const messageTextCharsMax = 4000;
/** A draft may be too long for a message: it is still to be shortened. */
export const draftCharsMax = 2 * messageTextCharsMax;
/** How many drafts a person can have. The oldest make room. */
export const draftsMax = 500;
/** The size limit of one socket frame from a client. Bun closes the socket with 1009 above it. */
export const frameBytesMax = 64 * 1024;
/** The messages of one commit are sent as one frame per room, split at this size. */
export const eventsFrameBytesMax = 16 * 1024;

/** The size of the basic protocol's history, and the default page size of `GET /api/messages`. */
export const historyMessagesMax = 50;
export const pageMessagesMax = 200;
/** The length of what one searches for, and how many hits come at once. */
export const searchCharsMax = 200;
export const searchHitsMax = 50;
/** A client that is further behind than this gets `resync` instead of a replay. */
export const resumeEventsMax = 1000;

export const connectionsPerAccountMax = 10;
export const malformedFramesMax = 3;
export const malformedWindowMs = 10_000;

export const typingSendEveryMs = 3000;
export const typingExpiresMs = 5000;
/** A person who reconnects within this time stays online. */
export const presenceGraceMs = 5000;
export const presenceNamesMax = 200;

export const roomNameCharsMax = 60;
export const roomTopicCharsMax = 250;
export const roomDescriptionCharsMax = 1000;
export const groupPeopleMax = 12;
export const roomsPerPersonMax = 1000;
/** How many rooms that a person is in may be ones that the same other person put them into. */
export const roomsAddedByOneMax = 100;
/** How many requests by strangers a person can have open, and how many somebody can have sent. */
export const requestsReceivedMax = 50;
export const requestsSentMax = 20;
/** How many rooms a connection can give an `afterSeq` for. All others start at the head that its greeting reported. */
export const positionsMax = 50;
export const membersAddedAtOnceMax = 50;

export const filesPerMessageMax = 10;
/** Only the first links of a message get a preview. */
export const previewsPerMessageMax = 3;
export const previewTitleCharsMax = 200;
export const previewTextCharsMax = 300;
/** What follows in an address that is longer is for machines. */
export const previewUrlCharsMax = 2000;
export const fileNameCharsMax = 255;
export const fileAltCharsMax = 1000;
export const customEmojiMax = 500;
/** So that nobody fills the list alone. */
export const customEmojiPerPersonMax = 100;
export const emojiNameCharsMin = 2;
export const emojiNameCharsMax = 32;
export const voicePeaksMax = 64;
/** Pictures that are larger are sent as files, or made smaller by the page. */
export const pictureBytesMax = 40 * 1024 * 1024;
export const pictureSidePxMax = 10_000;
export const picturePixelsMax = 40_000_000;

export const excerptCharsMax = 160;
/** How many of those who wrote last in a thread are shown at its first message. */
export const threadFacesMax = 3;
export const mentionsPerMessageMax = 50;
/** How many usernames `room.people` is asked for at once. */
export const namesAskedMax = 50;
/** How many people `people.pictures` is asked for at once. */
export const peopleAskedMax = 50;
/** A message that mentions more people than this needs confirmation. */
export const mentionConfirmAbove = 20;
export const reactionsPerMessageMax = 20;
export const pinsPerRoomMax = 100;
/** Unread counts stop here: 100 means "100 or more". */
export const unreadCountMax = 100;

/** A poll with more votes than this says how many voted for what, and not who. */
export const pollVotersMax = 100;
export const pollChoicesMin = 2;
export const pollChoicesMax = 10;
export const pollQuestionCharsMax = 300;
export const pollChoiceCharsMax = 120;

export const slowModeSecondsMax = 6 * 3600;
/** Ten years. */
export const keepDaysMax = 3650;
export const statusTextCharsMax = 80;
export const noteCharsMax = 300;
/** How many people an account can have blocked, and how many of the reports it made can be open. */
export const blockedPeopleMax = 1000;
export const openReportsMax = 20;
export const keywordsMax = 30;
export const keywordCharsMax = 40;
export const pushEndpointCharsMax = 2000;
/** After how many minutes an email about unread messages can be sent. */
export const unreadMailMinutes = [15, 60, 1440] as const;
export const filterWordsMax = 500;
export const bannedAddressesMax = 500;
export const scheduledPerPersonMax = 100;
export const remindersPerPersonMax = 100;
/** No time that a command sets, such as the end of a poll or a reminder, can be further ahead than this. */
export const scheduleAheadMsMax = 366 * 24 * 3_600_000;
