// The hub's world in a browser: EventSource, fetch and timers. Called by the shared worker and by `connect`.

import type { Overview } from "../api/documents.ts";
import type { Stream, World } from "./hub.ts";

export const BROWSER: World = {
  open,
  async ask(url: string): Promise<Overview> {
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()) as Overview;
  },
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms: number, call: () => void): () => void {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

function open(url: string): Stream {
  const source = new EventSource(url);
  const stream: Stream = { onopen: null, onoverview: null, onbye: null, onerror: null, close: () => source.close() };
  source.onopen = () => stream.onopen?.();
  source.onerror = () => stream.onerror?.();
  source.addEventListener("overview", (event: MessageEvent<string>) => stream.onoverview?.(event.data));
  source.addEventListener("bye", (event: MessageEvent<string>) => stream.onbye?.(event.data));
  return stream;
}
