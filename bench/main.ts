// npm run bench [-- --only=F1,F4 --rounds=5 --seconds=5 --kinds=postgres,embedded]; of F8 and F11 --messages=1000000; of F5 --sockets=10000 --workers=1; of H one attack: --attacks=A21
// Each figure prints one line per measurement, as a ratio to a floor measured in alternating rounds; everything goes
// into bench/results as JSON.
import { startPostgres } from "../tests/support/services.ts";
import { runAttacks } from "./figures/attacks.ts";
import { runBrowser } from "./figures/browser.ts";
import { runFanOut, runTwoProcesses } from "./figures/fan-out.ts";
import { runFiles } from "./figures/files.ts";
import { runHistory } from "./figures/history.ts";
import { runIdle } from "./figures/idle.ts";
import { runIngest } from "./figures/ingest.ts";
import { runLatency } from "./figures/latency.ts";
import { runLogins } from "./figures/logins.ts";
import { runPeers } from "./figures/peers.ts";
import { runPushStorm } from "./figures/push-storm.ts";
import { runReconnect } from "./figures/reconnect.ts";
import { runSearch } from "./figures/search.ts";
import { runSearchCost } from "./figures/search-cost.ts";
import { runStart } from "./figures/start.ts";
import { runDeliveryCost, runSlowReaders } from "./figures/steady.ts";
import { runWarmStart } from "./figures/warm-start.ts";
import { writeResults } from "./lib/report.ts";
import type { TargetKind } from "./lib/target.ts";

const flag = (name: string, fallback: string) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split("=")[1] ?? fallback;

const figures = {
  F1: runFanOut,
  F2: runDeliveryCost,
  F3: runLatency,
  F4: runIngest,
  F5: runIdle,
  F6: runReconnect,
  F7: runLogins,
  F8: runHistory,
  F9: runSlowReaders,
  F10: runTwoProcesses,
  F11: runSearch,
  F11c: runSearchCost,
  F12: runStart,
  B1: runBrowser,
  B2: runWarmStart,
  H: runAttacks,
  P: runPushStorm,
  U: runFiles,
  V: runPeers,
};
const only = flag("only", Object.keys(figures).join(",")).split(",");
const given = process.env.NOVAX_TEST_POSTGRES_URL;
const postgres = given ? null : await startPostgres({ isDurable: true });
const postgresUrl = given ?? postgres?.url;
const kinds = flag("kinds", "postgres,embedded").split(",") as TargetKind[];
if (!postgresUrl) console.log("PostgreSQL isn't available; only the embedded database is measured.");

try {
  for (const [name, run] of Object.entries(figures)) {
    if (!only.includes(name)) continue;
    await run({
      rounds: Number(flag("rounds", "5")),
      seconds: Number(flag("seconds", "5")),
      messages: Number(flag("messages", "1000000")),
      sockets: Number(flag("sockets", "10000")),
      workers: Number(flag("workers", "1")),
      peers: flag("peers", "basic,xmpp").split(","),
      kinds: kinds.filter((kind) => kind === "embedded" || postgresUrl !== undefined),
      postgresUrl: postgresUrl ?? "",
      postgresPid: postgres?.pid,
    });
  }
  writeResults();
} finally {
  await postgres?.stop();
}
// What a load client still has open must not keep it.
process.exit();
