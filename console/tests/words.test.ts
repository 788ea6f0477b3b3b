// What the pages say: verdicts, findings, objectives, workers, and what a change will do.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Card, Failure, Finding, LanguageModel, Model, Objective } from "../src/api/documents.ts";
import { distinct } from "../src/dom/keyed.ts";
import { sizes } from "../src/pages/model/batch_sizes.ts";
import { inShort } from "../src/pages/model/failures.ts";
import { described } from "../src/pages/model/heading.ts";
import { inWords } from "../src/pages/overview/tokens.ts";
import { ranked } from "../src/pages/overview/order.ts";
import { verdict } from "../src/pages/overview/verdict.ts";
import { foremost, standing } from "../src/parts/findings.ts";
import { left, promise } from "../src/parts/objectives.ts";
import { ofDefault, ofScaling, ofUnregistering } from "../src/text/consequence.ts";
import { inOrder, modelState, workersInWords } from "../src/text/words.ts";

const finding = (severity: string, about: string, model: string | null = null): Finding =>
  ({ severity, standing: about, model, version: null, since: 100, lasts_s: 120, behind: null }) as Finding;

const MODEL = {
  name: "digits",
  version: "2.0",
  versions: [{ version: "1.0", default: true }, { version: "2.0", default: false }],
  workers: { states: { ready: 1, busy: 1, failed: 1 }, wanted: 2, min: 2, max: 2 },
  worker_list: [{ memory_bytes: 2 ** 20 }, { memory_bytes: 3 * 2 ** 20 }, { memory_bytes: null }],
  queue: { depth: 3 },
  in_flight: 4,
  rate: 2,
  autoscaler: null,
} as unknown as Model;

test("the verdict counts what is wrong, and is as grave as the worst", () => {
  assert.deepEqual(verdict([]), { words: "Nothing is wrong", mood: "good" });
  assert.deepEqual(verdict([finding("ticket", "firing")]), { words: "One thing is wrong", mood: "warn" });
  const several = [finding("page", "firing"), finding("ticket", "firing"), finding("page", "pending")];
  assert.deepEqual(verdict(several), { words: "2 things are wrong", mood: "bad" });
  assert.deepEqual(verdict([finding("page", "pending")]), { words: "One thing looks wrong", mood: "warn" });
});

test("a finding says since when, and when it alerts", () => {
  assert.equal(standing(finding("page", "firing"), 190), "for 1 min 30 s");
  assert.equal(standing(finding("page", "pending"), 110), "for 10 s, alerts after 2 min");
  assert.equal(standing({ ...finding("page", "pending"), lasts_s: 0 }, 110), "for 10 s, no alert yet");
});

test("what follows from something worse is not among those to begin with", () => {
  const cause = finding("page", "firing", "a");
  assert.deepEqual(foremost([cause, { ...finding("page", "firing", "a"), behind: "ServescopeModelNotReady" }]), [cause]);
});

test("cards in trouble come first, and those of no alert stay where they are", () => {
  const cards = ["a", "b", "c", "d"].map((name) => ({ name, version: "1" }) as Card);
  const found = [finding("ticket", "firing", "c"), finding("page", "firing", "d"), finding("page", "pending", "b")];
  assert.deepEqual(ranked(cards, found).map(({ card, trouble }) => `${card.name} ${trouble}`), ["d page", "c ticket", "a null", "b pending"]);
});

test("an objective in words, with all nines, and what is left of it", () => {
  const one = { slo: "latency", target: 0.9995, threshold_s: 0.2, budget_left: 0.5 } as Objective;
  assert.equal(promise(one), "latency: 99.95 % under 200 ms");
  assert.equal(left(one), "50 % left");
  assert.equal(left({ ...one, budget_left: -1 }), "spent 2 times over");
  assert.equal(left({ ...one, budget_left: null }), "no requests this hour");
});

test("workers in words, those at work first", () => {
  assert.equal(workersInWords({ ready: 1, busy: 2, failed: 0 }, 3), "2 busy, 1 ready");
  assert.equal(workersInWords({ ready: 1 }, 2), "1 ready of 2 wanted");
  assert.equal(workersInWords({}, 0), "none");
});

test("a language model's figures in a line", () => {
  const times = { p50: 0.1, p90: 0.1, p99: 0.12 };
  const llm = { ttft: times, itl: { ...times, p99: 0.02 }, tokens_per_s: { generation: 340 }, running: 3, waiting: 0, kv_cache_ratio: 0.4 } as unknown as LanguageModel;
  assert.equal(inWords(llm), "340/s · first after 120 ms, then every 20 ms (p99) · cache 40 % · 3 running, 0 waiting");
});

test("a model that failed looks bad, and one that is on its way does not", () => {
  assert.deepEqual(["failed", "given_up", "missing", "loading", "ready"].map((state) => modelState(state)[1]), ["bad", "bad", "bad", "wait", "good"]);
});

test("stages in the order of a request, those that are new at the end", () => {
  assert.deepEqual(inOrder({ respond: 1, novel: 2, queue: 3 }).map(([name]) => name), ["queue", "respond", "novel"]);
});

test("scaling up says how many are started, and what memory they will take", () => {
  const said = ofScaling(MODEL, 4, 4, null).join(" ");
  assert.match(said, /has 2 workers now/);
  assert.match(said, /2 more workers will be started/);
  assert.match(said, /2 MiB of memory each, so about 4 MiB more/);
});

test("scaling down says who ends, and what no worker at all means", () => {
  assert.match(ofScaling(MODEL, 1, 1, null).join(" "), /1 worker will end, each after the batch/);
  assert.match(ofScaling(MODEL, 0, 0, null).join(" "), /refused with 503/);
  assert.match(ofScaling(MODEL, 2, 2, null).join(" "), /No worker is started or ended/);
});

test("where the autoscaler acts, it decides between the bounds", () => {
  const said = ofScaling(MODEL, 1, 5, "act").join(" ");
  assert.match(said, /from 1 to 5/);
  assert.match(said, /No worker is started or ended/);
  assert.match(said, /start and end workers by itself/);
});

test("a new default names the old one; unregistering says that it is in use", () => {
  assert.match(ofDefault(MODEL).join(" "), /will go to 2\.0 instead of 1\.0/);
  assert.match(ofUnregistering(MODEL).join(" "), /its 2 workers end.*in use: 2\/s.*4 requests waiting or with a worker.*404/);
  assert.match(ofUnregistering({ ...MODEL, rate: 0 }).join(" "), /no requests in the last minute/);
});

test("batch sizes from the smallest that occurred to the largest", () => {
  const there = sizes({ bounds: [1, 2, 4, 8], counts: [0, 5, 0, 10, 1] });
  assert.deepEqual(there.map(({ label, count, share }) => [label, count, share]), [["2", 5, 0.5], ["3 to 4", 0, 0], ["5 to 8", 10, 1], ["9 and more", 1, 0.1]]);
  assert.deepEqual(sizes({ bounds: [1], counts: [0, 0] }), []);
});

test("what a model is, with units, without what is not known", () => {
  assert.equal(described({ handler: "x.py", max_batch_delay_ms: 100, response_timeout_s: 120, archive: null }), "handler x.py · max batch delay 100 ms · response timeout 120 s");
});

test("keys that occur twice are told apart", () => {
  assert.equal(new Set(distinct(["a", "a", "b", "a"])).size, 4);
});

test("a failure in short has the traceback's last line, where it may be seen", () => {
  const failure = { what: "InternalServerException", message: "Prediction failed", type: "InternalServerException", traceback: "Traceback:\n  x\nKeyError: 'a'\n" } as Failure;
  assert.equal(inShort(failure), "Prediction failed · KeyError: 'a'");
  assert.equal(inShort({ ...failure, message: null, traceback: null }), "InternalServerException");
});
