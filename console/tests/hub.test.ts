// The hub: one stream for all pages, none while no page is shown, and another attempt whenever it ends.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Hub, type Stream } from "../src/live/hub.ts";
import type { Told } from "../src/live/messages.ts";
import type { Overview } from "../src/api/documents.ts";

const EVENTS = "http://h/x/console/api/events";
const overview = (at: number, open = 1): Overview => ({ at, streams: { open, most: 100 } }) as Overview;

class Opened implements Stream {
  onopen: (() => void) | null = null;
  onoverview: ((text: string) => void) | null = null;
  onbye: ((text: string) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  close(): void {
    this.closed = true;
  }
}

class World {
  time = 0;
  streams: Opened[] = [];
  asked: string[] = [];
  answer: Overview | null = null;
  timers: { at: number; call: () => void }[] = [];

  open(url: string): Stream {
    const stream = new Opened(url);
    this.streams.push(stream);
    return stream;
  }

  ask(url: string): Promise<Overview> {
    this.asked.push(url);
    return this.answer ? Promise.resolve(this.answer) : Promise.reject(new Error("away"));
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return 1;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  pass(ms: number): void {
    this.time += ms;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { call } of due) call();
  }

  get live(): Opened[] {
    return this.streams.filter(({ closed }) => !closed);
  }

  get stream(): Opened {
    const [stream] = this.live;
    assert.ok(stream, "no stream is open");
    return stream;
  }
}

let world: World;
let hub: Hub;

beforeEach(() => {
  world = new World();
  hub = new Hub(world);
});

/** A page that is shown, and what it was told. */
function shown(): { page: object; told: Told[]; states: () => string[] } {
  const [page, told] = [{}, [] as Told[]];
  hub.hear(page, { kind: "shown", events: EVENTS }, (one) => told.push(one));
  return { page, told, states: () => told.flatMap((one) => (one.kind === "state" ? [one.state] : [])) };
}

const send = (at: number): void => world.stream.onoverview?.(JSON.stringify(overview(at)));
const hide = (page: object): void => hub.hear(page, { kind: "hidden" }, () => undefined);
const numbers = (told: Told[]): number[] => told.flatMap((one) => (one.kind === "overview" ? [one.overview.at] : []));
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

test("seven pages share one stream, and each hears of it", () => {
  const pages = Array.from({ length: 7 }, shown);
  send(1);
  assert.equal(world.streams.length, 1);
  for (const { told } of pages) assert.deepEqual(numbers(told), [1]);
});

test("a page that comes later has the last numbers at once", () => {
  shown();
  send(1);
  assert.deepEqual(numbers(shown().told), [1]);
});

test("the stream is closed with the last page that is shown, and opened for the next", () => {
  const [one, other] = [shown(), shown()];
  hide(one.page);
  assert.equal(world.live.length, 1);
  hide(other.page);
  assert.equal(world.live.length, 0);
  assert.equal(world.timers.length, 0);
  shown();
  assert.equal(world.live.length, 1);
});

test("a hidden page is told nothing, and catches up when it is shown", () => {
  const [one, other] = [shown(), shown()];
  hide(one.page);
  send(2);
  assert.deepEqual(numbers(one.told), []);
  hub.hear(one.page, { kind: "shown", events: EVENTS }, (told) => one.told.push(told));
  assert.deepEqual(numbers(one.told), [2]);
  assert.deepEqual(numbers(other.told), [2]);
});

test("a stream that fails is begun again, later each time, and at once after it has worked", () => {
  const { states } = shown();
  const waits = [500, 1000, 2000, 4000, 8000, 10_000, 10_000].map((most) => {
    world.stream.onerror?.();
    assert.equal(world.live.length, 0);
    world.pass(most - 1);
    assert.equal(world.live.length, 0);
    world.pass(1);
    return world.live.length;
  });
  assert.deepEqual(waits, waits.map(() => 1));
  send(1);
  assert.equal(states().at(-1), "live");
  world.stream.onerror?.();
  world.pass(500);
  assert.equal(world.live.length, 1);
});

test("whoever asks for it gets an attempt at once, but never a second stream", () => {
  const { page } = shown();
  hub.hear(page, { kind: "retry" }, () => undefined);
  assert.equal(world.live.length, 1);
  world.stream.onerror?.();
  hub.hear(page, { kind: "retry" }, () => undefined);
  assert.equal(world.live.length, 1);
  world.pass(1_000);
  assert.equal(world.live.length, 1);
});

test("a stream that falls silent is taken for dead", () => {
  const { states } = shown();
  send(1);
  world.pass(20_000);
  assert.equal(world.live.length, 0);
  assert.equal(states().at(-1), "away");
});

test("the server's words at the end are passed on", () => {
  const { told } = shown();
  world.stream.onbye?.('{"reason": "The server is stopping."}');
  assert.ok(told.some((one) => one.kind === "state" && one.why === "The server is stopping."));
});

test("where the server has no stream left, it is asked every half minute, and says so", async () => {
  const { told, states } = shown();
  world.answer = overview(7, 100);
  world.stream.onerror?.();
  world.pass(500);
  world.stream.onerror?.();
  await settled();
  assert.equal(states().at(-1), "full");
  assert.deepEqual(numbers(told), [7]);
  assert.deepEqual(world.asked, ["http://h/x/console/api/overview"]);
  world.pass(29_999);
  assert.equal(world.live.length, 0);
  world.pass(1);
  assert.equal(world.live.length, 1);
});

test("a page that fell silent is forgotten", () => {
  const silent = shown();
  world.pass(0);
  world.time = 80_000;
  const { page } = shown();
  hide(page);
  assert.equal(world.live.length, 0);
  assert.deepEqual(numbers(silent.told), []);
});

test("what is no JSON is passed over", () => {
  const { told } = shown();
  world.stream.onoverview?.("{");
  send(3);
  assert.deepEqual(numbers(told), [3]);
});
