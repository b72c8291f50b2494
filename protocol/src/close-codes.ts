// Close codes of `novax.v1` and of the basic protocol. 40xx: come back, after a pause. 45xx and 44xx: do not, until
// something has changed. The numbers below 4000 are those of RFC 6455.

export const closeCodes = {
  /** The server stops or restarts (RFC 6455: service restart). Come back soon. */
  restarting: 1012,
  /** A rule of the protocol was broken three times in ten seconds (RFC 6455: policy violation). */
  malformed: 1008,
  /** A frame over `frameBytesMax` (RFC 6455: message too big). */
  frameTooBig: 1009,
  /** This connection read too slowly; reconnect and resume from the last `seq`. */
  tooSlow: 4008,
  /** The server cannot vouch for this session just now (the database is away). Come back. */
  unavailable: 4013,
  /** The session behind this connection has ended; sign in again. */
  sessionEnded: 4401,
  /** Too fast, again and again. Come back after a pause. */
  rateLimited: 4429,
  /** This account has too many connections open. */
  tooManyConnections: 4509,
} as const;

/** Whether a client should reconnect by itself after the connection closed with `code`. */
export function mayReconnectAfter(code: number): boolean {
  return (
    code !== closeCodes.sessionEnded &&
    code !== closeCodes.tooManyConnections &&
    code !== closeCodes.malformed
  );
}
