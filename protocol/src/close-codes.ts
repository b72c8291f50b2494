// Close codes of `novax.v1` and of the basic protocol. After 40xx a client reconnects after a pause. After 45xx it does
// not reconnect until something has changed. The two ranges let an old client understand codes newer than itself. Codes
// below 4000 are those of RFC 6455.

export const closeCodes = {
  /** The server stops or restarts (RFC 6455: service restart). Reconnect soon. */
  restarting: 1012,
  /** Three malformed frames within ten seconds, or one binary frame (RFC 6455: policy violation). Do not reconnect. */
  malformed: 1008,
  /** A frame larger than `frameBytesMax` (RFC 6455: message too big). */
  frameTooBig: 1009,
  /** The connection reads too slowly. Reconnect and resume from the last `seq`. */
  tooSlow: 4008,
  /** The server cannot check this session at the moment, because the database is unavailable. Reconnect. */
  unavailable: 4013,
  /** The client exceeded the rate limit repeatedly. Reconnect after a pause. */
  rateLimited: 4029,
  /** The session behind this connection has ended. Sign in again. */
  sessionEnded: 4501,
  /** The account has too many open connections. Try again after half a minute, because some may be dead. */
  tooManyConnections: 4509,
} as const;

/** Returns whether a client should reconnect automatically after the connection closed with `code`. */
export function mayReconnectAfter(code: number): boolean {
  return code !== closeCodes.malformed && !(code >= 4500 && code < 4600);
}
