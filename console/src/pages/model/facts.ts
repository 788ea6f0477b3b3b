// The row of numbers at the top of a model's page: in, the model; out, its last minute. Called by the page.

import type { Model } from "../../api/documents.ts";
import { Keyed, type Part } from "../../dom/keyed.ts";
import { attribute, make, write } from "../../dom/make.ts";
import { figure, percent, rate, seconds } from "../../text/numbers.ts";
import { workersInWords } from "../../text/words.ts";

interface Fact {
  readonly name: string;
  readonly value: string;
  /** In small letters below. */
  readonly more?: string;
  readonly bad?: boolean;
}

export class Facts {
  readonly element = make("dl", { class: "facts" });
  readonly #list = new Keyed<Fact>(this.element, (fact) => fact.name, () => new FactPart());

  update(model: Model): void {
    this.#list.update([...facts(model), ...language(model)]);
  }
}

class FactPart implements Part<Fact> {
  readonly #name = make("dt", {});
  readonly #value = make("dd", {});
  readonly #more = make("dd", { class: "faint more-of" });
  readonly element = make("div", { class: "sheet" }, this.#name, this.#value, this.#more);

  update({ name, value, more, bad }: Fact): void {
    write(this.#name, name);
    write(this.#value, value);
    write(this.#more, more ?? "");
    this.#more.hidden = !more;
    attribute(this.element, "data-bad", bad ? "" : null);
  }
}

export function facts(model: Model): Fact[] {
  const { queue } = model;
  const full = queue.capacity !== null && queue.capacity > 0 && (queue.depth ?? 0) >= queue.capacity;
  const { states, wanted } = model.workers;
  const failing = (model.error_rate ?? 0) > 0;
  return [
    { name: "Requests", value: rate(model.rate) },
    { name: "Errors", value: failing ? percent(model.error_ratio) : "none", more: failing ? rate(model.error_rate) : "", bad: failing },
    { name: "p50", value: seconds(model.p50) },
    { name: "p90", value: seconds(model.p90) },
    { name: "p99", value: seconds(model.p99) },
    { name: "Queue", value: `${figure(queue.depth)} of ${figure(queue.capacity)}`, more: age(queue.oldest_s), bad: full },
    { name: "Under way", value: figure(model.in_flight), more: age(model.in_flight_oldest_s) },
    { name: "Workers", value: atWork(states, wanted), more: workersInWords(states, wanted) },
  ];
}

function language({ llm }: Model): Fact[] {
  if (!llm) return [];
  return [
    { name: "First token, p99", value: seconds(llm.ttft.p99) },
    { name: "Between tokens, p99", value: seconds(llm.itl.p99) },
    { name: "Tokens generated", value: rate(llm.tokens_per_s.generation) },
    { name: "Tokens read", value: rate(llm.tokens_per_s.prompt) },
    { name: "KV cache", value: percent(llm.kv_cache_ratio) },
    { name: "Running, waiting", value: `${figure(llm.running)}, ${figure(llm.waiting)}` },
    { name: "Preemptions", value: figure(llm.preemptions_total) },
  ];
}

/** Those that can take requests, and of how many where that differs. */
function atWork(states: Model["workers"]["states"], wanted: number | null): string {
  const able = (states.ready ?? 0) + (states.busy ?? 0);
  return wanted === null || wanted === able ? figure(able) : `${figure(able)} of ${figure(wanted)}`;
}

function age(oldest: number | null): string {
  return oldest ? `oldest ${seconds(oldest)}` : "";
}
