import { connect } from "node:net";

/** A message's body. */
export const text = (body: string) => ({ kind: "text", text: body }) as const;

/** The command to send a text message, for `TestSocket.command`. */
export const sendCommand = (body: string, sendId: string = crypto.randomUUID(), room = "general") =>
  ({ type: "message.send", room: room as never, sendId: sendId as never, body: text(body) }) as const;

/** Requests an upgrade as raw bytes with exactly these headers, and returns the status. */
export function upgradeStatus(
  port: number,
  headers: Record<string, string>,
  user = "alice",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      resolve(Number(bytes.toString("latin1").split(" ")[1]));
      socket.destroy();
    });
    socket.write(
      `GET /ws/${user} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join("")}\r\n`,
    );
  });
}
