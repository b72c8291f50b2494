// A WebSocket client for load tests: raw bytes, and only the parsing it is asked for. One process drives hundreds of
// them with most of its core to spare; a run only counts if that was so.
import type { Socket } from "bun";

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 };
const masked = 0x80;

type State = { socket: LoadSocket };

export class LoadSocket {
  /** Called with each text frame; the bytes are valid only during the call. */
  onFrame: (payload: Buffer) => void = () => {};
  #socket: Socket<State> | null = null;
  #left: Buffer | null = null;
  #isOpen = false;
  #opened!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.#opened = resolve;
  });
  isClosed = false;

  async connect(url: URL, headers: Record<string, string>): Promise<void> {
    this.#socket = await Bun.connect<State>({
      hostname: url.hostname,
      port: Number(url.port),
      data: { socket: this },
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          socket.write(upgradeRequest(url, headers));
        },
        data: (_socket, chunk) => this.#receive(chunk as Buffer),
        close: () => {
          this.isClosed = true;
        },
        error: () => {},
      },
    });
    await this.opened;
  }

  /** Sends one text frame. The mask is zero, which is valid and needs no masking on loopback. */
  send(text: string): void {
    this.#socket!.write(encodeTextFrame(text));
  }

  close(): void {
    this.#socket?.end();
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#left ? Buffer.concat([this.#left, chunk]) : chunk;
    this.#left = null;
    if (!this.#isOpen) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#left = Buffer.from(bytes);
        return;
      }
      const status = bytes.toString("latin1", 9, 12);
      if (status !== "101") throw new Error(`the upgrade was answered ${status}`);
      this.#isOpen = true;
      bytes = bytes.subarray(end + 4);
      this.#opened();
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      let length = bytes[at + 1]! & 0x7f;
      let head = 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        head = 4;
      } else if (length === 127) {
        if (bytes.length - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        head = 10;
      }
      if (bytes.length - at < head + length) break;
      const opcode = bytes[at]! & 0x0f;
      const payload = bytes.subarray(at + head, at + head + length);
      if (opcode === opcodes.text) this.onFrame(payload);
      else if (opcode === opcodes.ping) this.#socket!.write(encodeFrame(opcodes.pong, payload));
      at += head + length;
    }
    // The chunk's memory is reused after this call.
    if (at < bytes.length) this.#left = Buffer.from(bytes.subarray(at));
  }
}

/** The request that opens a WebSocket, byte for byte. */
export function upgradeRequest(url: URL, headers: Record<string, string>): string {
  const lines = Object.entries({
    Host: url.host,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${url.pathname} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

export function encodeTextFrame(text: string): Buffer {
  return encodeFrame(opcodes.text, Buffer.from(text));
}

function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const frame = Buffer.alloc((isShort ? 2 : 4) + 4 + payload.length);
  frame[0] = 0x80 | opcode;
  if (isShort) frame[1] = masked | payload.length;
  else {
    frame[1] = masked | 126;
    frame.writeUInt16BE(payload.length, 2);
  }
  payload.copy(frame, (isShort ? 2 : 4) + 4);
  return frame;
}

const fromMark = Buffer.from('"from":');
const toMark = Buffer.from(',"to":');

/** The first and last seq of an events frame, read without parsing JSON. Null for any other frame. */
export function readEventsRange(payload: Buffer): { from: number; to: number } | null {
  if (payload[9] !== 0x65 || payload[10] !== 0x76) return null;
  const from = payload.indexOf(fromMark) + fromMark.length;
  const to = payload.indexOf(toMark, from) + toMark.length;
  return { from: readNumber(payload, from), to: readNumber(payload, to) };
}

function readNumber(bytes: Buffer, at: number): number {
  let value = 0;
  for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48)
    value = value * 10 + digit;
  return value;
}
