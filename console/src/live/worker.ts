// The shared worker: one hub for all pages of a browser, each with a port. Bundled into a file of its own.

import { Hub } from "./hub.ts";
import type { Said, Told } from "./messages.ts";
import { BROWSER } from "./world.ts";

const hub = new Hub(BROWSER);
const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };

scope.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const tell = (told: Told): void => port.postMessage(told);
  port.onmessage = (message: MessageEvent<Said>) => hub.hear(port, message.data, tell);
};
