// Close codes of `novax.v1` and of the basic protocol. 40xx: come back, after a pause. 45xx: do not come back until something
// has changed. So an old client understands a code that is newer than itself. The numbers below 4000 are those of RFC 6455.

export const closeCodes = {
  /** The server stops or restarts (RFC 6455: service restart). Come back soon. */
  restarting: 1012,
  /** Three frames in ten seconds were no commands, or one was binary (RFC 6455: policy violation). Do not come back. */
  malformed: 1008,
  /** A frame over `frameBytesMax` (RFC 6455: message too big). */
  frameTooBig: 1009,
  /** This connection read too slowly; reconnect and resume from the last `seq`. */
  tooSlow: 4008,
  /** The server cannot vouch for this session just now (the database is away). Come back. */
  unavailable: 4013,
  /** Too fast, again and again. Come back after a pause. */
  rateLimited: 4029,
  /** The session behind this connection has ended; sign in again. */
  sessionEnded: 4501,
  /** This account has too many connections open. */
  tooManyConnections: 4509,
} as const;

/** Whether a client should reconnect by itself after the connection closed with `code`. */
export function mayReconnectAfter(code: number): boolean {
  return code !== closeCodes.malformed && !(code >= 4500 && code < 4600);
}
