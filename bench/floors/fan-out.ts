// The fan-out floor: frames a message once and sends it to every socket, without storing, checking or ordering it.
const server = Bun.serve({
  port: Number(process.argv[2]),
  hostname: "127.0.0.1",
  fetch(request, self) {
    return self.upgrade(request) ? undefined : new Response("ok");
  },
  websocket: {
    perMessageDeflate: false,
    backpressureLimit: 64 * 1024 * 1024,
    open: (socket) => {
      socket.subscribe("room");
    },
    message: (_socket, text) => {
      server.publish("room", text);
    },
  },
});
