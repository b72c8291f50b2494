// Fetches one address as the server does, in a process of its own whose environment a test sets, and prints the answer.
import { Outgoing, OutgoingError } from "../../server/src/outgoing/outgoing.ts";
import { createResolver } from "../../server/src/outgoing/resolve-host.ts";

const [url, nameServer, allowed] = process.argv.slice(2);
const outgoing = new Outgoing({
  resolve: createResolver(1000, [nameServer!]),
  userAgent: "novaX test",
  isAllowed: (address) => address === allowed,
});
try {
  const { status, body } = await outgoing.fetch(url!, { timeoutMs: 5000, bytesMax: 1000 });
  console.log(status, Buffer.from(body).toString());
} catch (error) {
  console.log(error instanceof OutgoingError ? error.code : error);
}
