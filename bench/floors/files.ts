// The floor for files: bare Bun that writes what it gets to a file, durably, and sends the file back. Stores no rows, asks
// for no rights.
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const path = join(tmpdir(), `novax-floor-${process.pid}`);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  maxRequestBodySize: 2_000_000_000,
  routes: {
    "/readyz": new Response("ok"),
    "/file": {
      POST: async (request) => {
        const handle = await open(path, "w");
        for await (const chunk of request.body!) await handle.write(chunk);
        await handle.sync();
        await handle.close();
        return new Response(null, { status: 204 });
      },
      GET: () => new Response(Bun.file(path)),
    },
  },
});
