import { shellPath } from "@novax/protocol/bootstrap";
import { useEffect } from "preact/hooks";
import { more } from "../texts/more.ts";

const retryEveryMs = 5000;

/** What is shown without a connection where nothing is kept on this device. */
export function Offline() {
  useEffect(() => {
    const retry = async () => {
      const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
      if (answer?.ok) location.replace(location.pathname === shellPath ? "/chat" : location.href);
    };
    const timer = setInterval(retry, retryEveryMs);
    addEventListener("online", retry);
    return () => {
      clearInterval(timer);
      removeEventListener("online", retry);
    };
  }, []);
  return (
    <main className="no-rooms">
      <h1>{more.app.offline}</h1>
      <p>{more.app.offlineNothing}</p>
      <button type="button" className="button-primary" onClick={() => location.reload()}>
        {more.connection.tryNow}
      </button>
    </main>
  );
}
