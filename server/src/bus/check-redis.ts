import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const answerWithinMs = 3000;

/** `isSetting`: it will be the same tomorrow, until the operator changes something. */
export type RedisProblem = { message: string; isSetting: boolean };

/**
 * Tries all that novaX needs of a Redis, by hand: the client says no more than that a connection was closed. Resolves with what is
 * wrong, without a part of the URL, or with null. `channel`: one to which nobody listens.
 */
export function checkRedis(given: string, channel: string): Promise<RedisProblem | null> {
  const url = new URL(given);
  const hasTls = url.protocol === "rediss:";
  const address = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 6379) };
  const commands = [
    ...(url.password === "" ? [] : [authCommand(url)]),
    ...(url.pathname.length > 1 ? [["SELECT", url.pathname.slice(1)]] : []),
    ["EVAL", "return 1", "0"],
    ["PUBLISH", channel, ""],
    ["SUBSCRIBE", channel],
  ];
  return new Promise((resolve) => {
    const servername = isIP(address.host) ? {} : { servername: address.host };
    const socket: Socket = hasTls ? connectTls({ ...address, ...servername }) : connectTcp(address);
    let answer = "";
    const end = (problem: RedisProblem | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    // A Redis without TLS waits for the end of what it takes for a command.
    const silent = hasTls ? "doesn't answer with TLS; if it has none, use redis://" : "doesn't answer";
    const timer = setTimeout(() => end({ message: silent, isSetting: false }), answerWithinMs);
    socket.on(hasTls ? "secureConnect" : "connect", () => {
      for (const command of commands) socket.write(encode(command));
    });
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      const refused = /^-(\S+) ?([^\r\n]*)\r\n/m.exec(answer);
      if (refused) end(problemOf(refused[1]!, refused[2]!));
      else if (answer.includes("subscribe\r\n")) end(null);
      else if (!/^[+:$*-]/.test(answer)) end({ message: "isn't Redis or Valkey", isSetting: true });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => end(connectionProblem(error, hasTls)));
    socket.on("close", () =>
      end({
        message: hasTls ? "doesn't speak TLS; use redis://" : "closed the connection",
        isSetting: hasTls,
      }),
    );
  });
}

function authCommand(url: URL): string[] {
  const [user, password] = [url.username, url.password].map(decodeURIComponent);
  return user === "" ? ["AUTH", password!] : ["AUTH", user!, password!];
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join("")}`;
}

function problemOf(code: string, text: string): RedisProblem {
  if (code === "NOAUTH") return { message: "wants a password", isSetting: true };
  if (code === "WRONGPASS" || /AUTH/i.test(text))
    return { message: "refuses the name or password", isSetting: true };
  if (code === "NOPERM")
    return { message: "doesn't let this user run EVAL, PUBLISH and SUBSCRIBE", isSetting: true };
  if (code === "LOADING") return { message: "is still loading its data", isSetting: false };
  if (/DB index/i.test(text)) return { message: "has no database of that number", isSetting: true };
  return { message: `refuses what novaX needs (${code})`, isSetting: false };
}

function connectionProblem({ code = "" }: NodeJS.ErrnoException, hasTls: boolean): RedisProblem {
  if (code === "ECONNREFUSED")
    return { message: "isn't there: nothing listens at that address", isSetting: false };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { message: "isn't found: its host has no address", isSetting: false };
  if (hasTls && /SSL|TLS|CERT|ALTNAME/.test(code))
    return { message: `can't be reached with TLS (${code})`, isSetting: true };
  return { message: `can't be reached (${code})`, isSetting: false };
}
