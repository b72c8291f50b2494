// A name server for tests, on loopback: it answers A and AAAA with what the test says for a name at that moment.
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

type Answers = (name: string) => readonly string[] | null;

export type NameServer = { address: string; asked: string[]; stop(): void };

/** Starts it on a free port. `answers` gives a name's addresses, none if there is no such name, null to stay silent. */
export async function startNameServer(answers: Answers): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, { port, address }) => {
    const { name, end } = readName(query);
    const isV6 = query.readUInt16BE(end) === 28;
    asked.push(`${name} ${isV6 ? "AAAA" : "A"}`);
    const found = answers(name);
    if (found === null) return;
    const fitting = found.filter((candidate) => isIPv6(candidate) === isV6);
    const head = Buffer.from(query.subarray(0, 12));
    // A response, with the code for a name that doesn't exist.
    head.writeUInt16BE(0x8180 | (found.length === 0 ? 3 : 0), 2);
    head.writeUInt16BE(fitting.length, 6);
    head.writeUInt32BE(0, 8);
    const records = fitting.map((candidate) => {
      const data = bytesOf(candidate);
      const record = Buffer.alloc(12);
      // The name is the one in the question, which begins at byte 12.
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(isV6 ? 28 : 1, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(data.byteLength, 10);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...records]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, asked, stop: () => socket.close() };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const [front = "", back] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [head, tail] = [groups(front), groups(back ?? "")];
  const all =
    back === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(
    all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}
