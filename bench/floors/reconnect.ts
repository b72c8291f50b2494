// The floor of the reconnect storm: sends each socket that asks one frame with fifty messages, without knowing who it is.
const events = Array.from({ length: 50 }, (_, index) => ({
  seq: index,
  at: 1_700_000_000_000,
  actor: { id: "01a00000-0000-7000-8000-000000000001", username: "person1" },
  type: "message.sent",
  sendId: "01a00000-0000-7000-8000-000000000001",
  body: { kind: "text", text: "x".repeat(128) },
}));
const frame = JSON.stringify({ type: "events", events });

Bun.serve({
  port: Number(process.argv[2]),
  hostname: "127.0.0.1",
  fetch(request, self) {
    return self.upgrade(request) ? undefined : new Response("ok");
  },
  websocket: {
    perMessageDeflate: false,
    backpressureLimit: 64 * 1024 * 1024,
    message: (socket) => {
      socket.send(frame);
    },
  },
});
