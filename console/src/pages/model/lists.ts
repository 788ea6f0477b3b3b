// The tables of a model's page: in, the model's document; out, workers, refusals, restarts, batch sizes and the autoscaler's
// decisions. Called by the page.

import type { Decision, Model, Tally, Worker } from "../../api/documents.ts";
import { make, write } from "../../dom/make.ts";
import { List } from "../../parts/list.ts";
import { bytes, figure, percent, seconds, span } from "../../text/numbers.ts";
import { moment } from "../../text/times.ts";
import { words } from "../../text/words.ts";
import { BatchSizes } from "./batch_sizes.ts";

export class ModelLists {
  #now = 0;
  readonly #workers = new List<Worker>(
    "Workers",
    [
      { head: "Worker", cell: (one) => one.name, look: "mono" },
      { head: "State", cell: (one) => words(one.state) },
      { head: "Process", cell: (one) => (one.pid === null ? "–" : String(one.pid)) },
      { head: "Up", cell: (one) => (one.started === null ? "–" : span(this.#now - one.started)) },
      { head: "Busy", cell: (one) => percent(one.busy_ratio) },
      { head: "Processor", cell: (one) => percent(one.cpu_ratio) },
      { head: "Memory", cell: (one) => bytes(one.memory_bytes) },
      { head: "Batch in hand", cell: (one) => (one.in_hand ? `${figure(one.in_hand)}, ${seconds(one.batch_s)}` : "–") },
      { head: "Node", cell: (one) => (one.node === null ? "here" : `${one.node} (${one.host ?? "–"})`) },
      { head: "Device", cell: (one) => (one.gpu_memory_bytes === null ? (one.device ?? "–") : `${one.device}, ${bytes(one.gpu_memory_bytes)}`) },
    ],
    (one) => `${one.name} ${one.pid}`,
    "There are no workers.",
  );
  readonly #refusals = tally("Refusals", "Nobody was refused.");
  readonly #restarts = tally("Restarts of workers", "No worker had to be started again.");
  readonly #trouble = make("p", { class: "trouble mono" });
  readonly #batches = new BatchSizes();
  readonly #decisions = new List<Decision>(
    "The autoscaler's decisions",
    [
      { head: "Time", cell: (one) => moment(Date.parse(one.at) / 1000, this.#now) },
      { head: "Workers", cell: (one) => (one.from === one.to ? figure(one.to) : `${figure(one.from)} → ${figure(one.to)}`) },
      { head: "Why", cell: (one) => one.words, look: "wide" },
    ],
    (one) => `${one.at} ${one.words}`,
    "It has not decided anything yet.",
  );

  constructor() {
    this.#restarts.element.append(this.#trouble);
  }

  /** Stands beside the chart of batch sizes. */
  get batches(): Element {
    return this.#batches.element;
  }

  get elements(): { readonly wide: Element[]; readonly narrow: Element[] } {
    return {
      wide: [this.#workers.element, this.#decisions.element],
      narrow: [this.#refusals.element, this.#restarts.element],
    };
  }

  update(model: Model): void {
    this.#now = model.at;
    this.#workers.update(model.worker_list);
    this.#refusals.update(model.refusals.filter(happened));
    this.#restarts.update(model.restarts.filter(happened));
    write(this.#trouble, model.last_trouble ? `The last trouble: ${model.last_trouble}` : "");
    this.#trouble.hidden = !model.last_trouble;
    this.#batches.update(model.batch_sizes);
    this.#decisions.element.toggleAttribute("hidden", model.autoscaler === null);
    this.#decisions.update([...(model.autoscaler?.decisions ?? [])].reverse());
  }
}

function happened(one: Tally): boolean {
  return (one.total ?? 0) > 0;
}

function tally(title: string, empty: string): List<Tally> {
  return new List<Tally>(
    title,
    [
      { head: "Reason", cell: (one) => words(one.reason) },
      { head: "Last 15 minutes", cell: (one) => figure(one.recent) },
      { head: "In all", cell: (one) => figure(one.total) },
    ],
    (one) => one.reason,
    empty,
  );
}
