// The other end of Firefox's connection to its push service, in the words of Mozilla's autopush: the browser registers, and what a
// server posts to the address that it got is handed over as it came.
type Registered = { channel: string; deliver(body: Uint8Array, encoding: string): void };

export type FirefoxPushService = {
  /** Where servers post. */
  origin: string;
  /** Where the browser connects. */
  socket: string;
  /** What the browser said of each message: 100 for one that was delivered. */
  acknowledged: number[];
  stop(): Promise<void>;
};

type FromBrowser = {
  messageType: "hello" | "register" | "unregister" | "ack" | "ping";
  channelID?: string;
  updates?: { code: number }[];
};

export function startFirefoxPush(): FirefoxPushService {
  const channels = new Map<string, Registered>();
  const acknowledged: number[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request, self) => {
      if (self.upgrade(request)) return undefined;
      const channel = channels.get(new URL(request.url).pathname.split("/").at(-1)!);
      if (!channel) return new Response(null, { status: 404 });
      const body = new Uint8Array(await request.arrayBuffer());
      channel.deliver(body, request.headers.get("content-encoding") ?? "");
      return new Response(null, { status: 201 });
    },
    websocket: {
      message: (socket, data) => {
        const said = JSON.parse(String(data)) as FromBrowser;
        const answer = (fields: object) =>
          socket.send(JSON.stringify({ messageType: said.messageType, status: 200, ...fields }));
        const channel = said.channelID ?? "";
        if (said.messageType === "hello")
          answer({ uaid: crypto.randomUUID().replaceAll("-", ""), use_webpush: true });
        else if (said.messageType === "register") {
          channels.set(channel, {
            channel,
            deliver: (body, encoding) =>
              socket.send(
                JSON.stringify({
                  messageType: "notification",
                  channelID: channel,
                  version: crypto.randomUUID(),
                  data: Buffer.from(body).toString("base64url"),
                  headers: { encoding },
                }),
              ),
          });
          answer({ channelID: channel, pushEndpoint: `${origin}/send/${channel}` });
        } else if (said.messageType === "unregister") {
          channels.delete(channel);
          answer({ channelID: channel });
        } else if (said.messageType === "ack")
          acknowledged.push(...(said.updates ?? []).map(({ code }) => code));
        else socket.send("{}");
      },
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    origin,
    socket: `ws://127.0.0.1:${server.port}/`,
    acknowledged,
    stop: () => server.stop(true),
  };
}
