import { closeCodes } from "@novax/protocol/close-codes";
import { generalRoomId } from "@novax/protocol/general-room";
import { frameBytesMax } from "@novax/protocol/limits";
import { asPerson } from "@novax/protocol/person";
import type { WebSocketHandler } from "bun";
import { filterLiveSessions } from "../auth/session-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { connectionsClosed } from "../metrics/metrics.ts";
import { listProfiles } from "../people/queries.ts";
import { stopViewing } from "./attach-rooms.ts";
import { sendHistory } from "./basic-subscriber.ts";
import {
  type BasicConnection,
  type Connection,
  createConnection,
  type NovaxConnection,
  type Socket,
  type SocketData,
} from "./connection.ts";
import type { Realtime } from "./realtime.ts";
import { runBasicFrame, runFrame } from "./run-frame.ts";

/** Those of RFC 6455 and ours; a client can send any other. */
const isKnownCode = (code: number) => code < 1016 || (Object.values(closeCodes) as number[]).includes(code);

const sendBufferBytesMax = 1024 * 1024;
const silentSecondsMax = 60;
/** Opening a connection takes a few queries, about as much as a message. */
const openCost = 1;

/** What Bun calls for each socket. `realtime` is a function: it is made after the server that it publishes through. */
export function createSocketHandlers(
  realtime: () => Realtime,
  idleTimeoutSeconds = silentSecondsMax,
): WebSocketHandler<SocketData> {
  return {
    maxPayloadLength: frameBytesMax,
    // Bun silently drops frames for a reader that is too slow. A closed client reconnects and resumes without a gap.
    backpressureLimit: sendBufferBytesMax,
    closeOnBackpressureLimit: true,
    idleTimeout: idleTimeoutSeconds,
    sendPings: true,
    perMessageDeflate: false,
    open: (socket) => void open(realtime(), socket),
    message: (socket, frame) => {
      const { connection } = socket.data;
      // Where the process did not run for a while the connection is closed, and its client sends again what still holds.
      if (realtime().stalls.look() || !connection?.isOpen) return;
      connection.heard();
      if (typeof frame !== "string") {
        connection.close(closeCodes.malformed, "text frames only");
        return;
      }
      if (connection.protocol === "novax.v1") void runFrame(realtime(), connection, frame);
      else void runBasicFrame(realtime(), connection, frame);
    },
    ping: (socket) => socket.data.connection?.heard(),
    pong: (socket) => socket.data.connection?.heard(),
    close: (socket, code) => {
      const { connection } = socket.data;
      if (!connection) return;
      connectionsClosed.inc({ code: isKnownCode(code) ? String(code) : "other" });
      const { hub, feeds, presence } = realtime();
      hub.remove(connection);
      presence.disconnected(connection, connection.actor.id);
      if (connection.protocol === "novax.v1")
        for (const room of [...connection.views]) stopViewing(realtime(), connection, room);
      feeds.detach(connection);
    },
  };
}

async function open(realtime: Realtime, socket: Socket): Promise<void> {
  const budget = () => realtime.budgets.of(socket.data.actor.id);
  const connection = createConnection(socket, { budget });
  if (budget().spend(openCost, realtime.clock.now()) > 0) {
    connection.close(closeCodes.rateLimited, "too fast");
    return;
  }
  if (!realtime.hub.add(connection)) {
    connection.close(closeCodes.tooManyConnections, "too many connections");
    return;
  }
  socket.data.connection = connection;
  try {
    if (connection.protocol === "basic") await openBasic(realtime, connection);
    else await greet(realtime, connection);
  } catch (error) {
    if (error instanceof Refusal && connection.protocol === "basic") {
      // Removed from `general`: reconnecting would not help, and the protocol promises that an error closes nothing.
      connection.send({ type: "error", detail: error.detailIn(connection.language), code: error.code });
      return;
    }
    realtime.log.fault("socket.open_failed", error);
    connection.close(closeCodes.unavailable, "unavailable");
  }
}

/** The session may have ended after the upgrade and before `add`, when no notice reached this socket. */
function endSession(connection: Connection): void {
  connection.close(closeCodes.sessionEnded, "session ended");
}

async function openBasic(realtime: Realtime, connection: BasicConnection): Promise<void> {
  const { id, sessionId } = connection.actor;
  if (!(await filterLiveSessions(realtime, [sessionId])).has(sessionId)) {
    endSession(connection);
    return;
  }
  const [profile] = await listProfiles(realtime.db.sql, [id]);
  if (profile && connection.isOpen) realtime.presence.connected(connection, profile);
  await realtime.feeds.open(generalRoomId).attach(connection, sendHistory(realtime, connection));
}

async function greet(realtime: Realtime, connection: NovaxConnection): Promise<void> {
  connection.leftRoom = (room) => {
    if (connection.viewed === room) connection.viewed = null;
    stopViewing(realtime, connection, room);
  };
  const { isLive, rooms, profile, blockers } = await realtime.greetings.get(connection);
  if (!isLive) endSession(connection);
  if (!connection.isOpen) return;
  realtime.hub.setBlockers(connection, blockers);
  const heads = new Map(rooms.map((room) => [room.id, room.headSeq]));
  connection.greeted = { heads, rooms, at: performance.now() };
  if (profile) realtime.presence.connected(connection, profile);
  connection.send({
    type: "hello",
    protocol: "novax.v1",
    epoch: realtime.epoch,
    you: asPerson(connection.actor),
    rooms,
    serverTime: realtime.clock.now(),
  });
}
