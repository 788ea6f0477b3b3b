// One stream for all of a browser's pages, since a browser opens six connections to a host and a stream takes one for good.
// In, what pages say; out, overviews and how the stream stands, to every page that is shown. While none is shown there is no
// stream. It begins again by itself. Run by the shared worker, or by the page itself where a browser has no shared workers.

import type { Overview } from "../api/documents.ts";
import { backoffMs } from "./backoff.ts";
import type { Said, State, Told } from "./messages.ts";

const FULL_MS = 30_000;
/** A page beats every 10 s; browsers hold back the timers of pages in the background to once a minute. */
const SILENT_MS = 75_000;
/** The server sends every 5 s. A connection that died without a word is found by this. */
const STALE_MS = 20_000;

/** What the hub needs of EventSource. */
export interface Stream {
  onopen: (() => void) | null;
  onoverview: ((text: string) => void) | null;
  onbye: ((text: string) => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

/** The world around it, so that tests have a clock and a server of their own. */
export interface World {
  open(url: string): Stream;
  /** The overview by a plain request; rejects where the server does not answer. */
  ask(url: string): Promise<Overview>;
  now(): number;
  random(): number;
  after(ms: number, call: () => void): () => void;
}

export type Listener = (told: Told) => void;

interface Page {
  readonly tell: Listener;
  heard: number;
}

export class Hub {
  readonly #world: World;
  readonly #shown = new Map<object, Page>();
  #events = "";
  #stream: Stream | null = null;
  #failures = 0;
  #last: Overview | null = null;
  #told: Told = { kind: "state", state: "connecting", why: "", next: null };
  #cancelRetry: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /** A page says something; `page` is what it is known by. */
  hear(page: object, said: Said, tell: Listener): void {
    if (said.kind === "hidden") this.#leave(page);
    else if (said.kind === "shown") this.#join(page, said.events, tell);
    else this.#retryNow();
  }

  #join(page: object, events: string, tell: Listener): void {
    const known = this.#shown.get(page);
    this.#shown.set(page, { tell, heard: this.#world.now() });
    this.#events = events;
    this.#dropSilent();
    if (!known) {
      tell(this.#told);
      if (this.#last && this.#stream) tell({ kind: "overview", overview: this.#last });
    }
    if (!this.#stream && !this.#cancelRetry) this.#connect();
  }

  #leave(page: object): void {
    this.#shown.delete(page);
    if (this.#shown.size === 0) this.#stop();
  }

  #dropSilent(): void {
    const now = this.#world.now();
    for (const [page, { heard }] of this.#shown) if (now - heard > SILENT_MS) this.#shown.delete(page);
  }

  #stop(): void {
    this.#close();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#failures = 0;
    this.#state("connecting", "", null);
  }

  #close(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    this.#stream?.close();
    this.#stream = null;
  }

  #retryNow(): void {
    if (this.#stream || this.#shown.size === 0) return;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#connect();
  }

  #connect(): void {
    const stream = this.#world.open(this.#events);
    this.#stream = stream;
    stream.onopen = () => this.#watch();
    stream.onoverview = (text) => this.#receive(text);
    stream.onbye = (text) => this.#fail(reason(text));
    stream.onerror = () => this.#fail("");
    this.#watch();
  }

  #receive(text: string): void {
    const overview = parse(text);
    if (!overview) return;
    this.#failures = 0;
    this.#last = overview;
    this.#watch();
    this.#state("live", "", null);
    this.#tell({ kind: "overview", overview });
  }

  #watch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#world.after(STALE_MS, () => this.#fail("Nothing has come from the server for 20 s."));
  }

  /** The stream ended. A plain question tells a server that is away from one that has no stream left. */
  #fail(why: string): void {
    this.#close();
    this.#dropSilent();
    if (this.#shown.size === 0) return this.#stop();
    this.#later(backoffMs(this.#failures, this.#world.random()), "away", why);
    this.#failures += 1;
    if (this.#failures > 1) this.#ask();
  }

  #ask(): void {
    this.#world.ask(new URL("overview", this.#events).href).then(
      (overview) => {
        if (this.#stream || this.#shown.size === 0 || overview.streams.open < overview.streams.most) return;
        this.#last = overview;
        const why = `${overview.streams.most} pages have the server's streams, so this one asks every half minute.`;
        this.#later(FULL_MS, "full", why);
        this.#tell({ kind: "overview", overview });
      },
      () => undefined, // it is away, as has been told
    );
  }

  #later(ms: number, state: State, why: string): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#world.after(ms, () => {
      this.#cancelRetry = null;
      this.#connect();
    });
    this.#state(state, why, this.#world.now() + ms);
  }

  #state(state: State, why: string, next: number | null): void {
    const told: Told = { kind: "state", state, why, next };
    if (JSON.stringify(told) === JSON.stringify(this.#told)) return;
    this.#told = told;
    this.#tell(told);
  }

  #tell(told: Told): void {
    for (const page of this.#shown.values()) page.tell(told);
  }
}

function parse(text: string): Overview | null {
  try {
    return JSON.parse(text) as Overview;
  } catch {
    return null; // cut off by something in between; the next one is whole
  }
}

function reason(text: string): string {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null && "reason" in said ? String(said.reason) : "";
  } catch {
    return "";
  }
}
