// A page's way to the hub: in, the stream's URL and who listens; out, what the hub tells. It says whether the page is
// shown, and beats while it is. Called once, by `main`.

import { Hub, type Listener } from "./hub.ts";
import type { Said } from "./messages.ts";
import { BROWSER } from "./world.ts";

const BEAT_MS = 10_000;

/** Listen for as long as the page lives; the function that comes back asks for another attempt at once. */
export function connect(worker: URL, events: string, listener: Listener): () => void {
  const say = sharedHub(worker, listener) ?? ownHub(listener);
  const tell = (): void => say(document.visibilityState === "hidden" ? { kind: "hidden" } : { kind: "shown", events });
  document.addEventListener("visibilitychange", tell);
  // Also the page that the browser keeps for the back button is one that nobody sees.
  addEventListener("pagehide", () => say({ kind: "hidden" }));
  addEventListener("pageshow", tell);
  addEventListener("online", () => say({ kind: "retry" }));
  setInterval(tell, BEAT_MS);
  tell();
  return () => say({ kind: "retry" });
}

type Say = (said: Said) => void;

function sharedHub(worker: URL, listener: Listener): Say | null {
  if (typeof SharedWorker === "undefined") return null;
  try {
    const { port } = new SharedWorker(worker, { name: "servescope" });
    port.onmessage = (event: MessageEvent) => listener(event.data);
    port.start();
    return (said) => port.postMessage(said);
  } catch {
    return null; // forbidden by the browser's settings; a stream of its own does as well
  }
}

function ownHub(listener: Listener): Say {
  const hub = new Hub(BROWSER);
  const page = {};
  return (said) => hub.hear(page, said, listener);
}
