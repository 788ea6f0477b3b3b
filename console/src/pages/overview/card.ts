// A model's card on the overview: in, its part of the overview; out, the numbers of the last minute, each with its line of
// the last ten, and the table of those lines. Called by the overview's page.

import type { Card } from "../../api/documents.ts";
import { place } from "../../app/route.ts";
import { Sparkline } from "../../charts/sparkline.ts";
import { type Rows, Table } from "../../charts/table.ts";
import type { Part } from "../../dom/keyed.ts";
import { attribute, make, write } from "../../dom/make.ts";
import { Objectives } from "../../parts/objectives.ts";
import { Pill } from "../../parts/pill.ts";
import { StageBar, whole } from "../../parts/stages.ts";
import { WorkerBlocks } from "../../parts/workers.ts";
import { NONE, figure, percent, rate, seconds } from "../../text/numbers.ts";
import { clock } from "../../text/times.ts";
import type { Ranked } from "./order.ts";
import { Tokens } from "./tokens.ts";

export class ModelCard implements Part<Ranked> {
  readonly element: HTMLElement;
  readonly #name = make("a", { class: "card-name" });
  readonly #version = make("span", { class: "faint" });
  readonly #pill = new Pill();
  readonly #rate = new Figure("Requests", "--series-1");
  readonly #errors = new Figure("Errors", "--series-2");
  readonly #slow = new Figure("p99", "--series-4");
  readonly #queue = new Figure("Queue", "--series-5");
  readonly #percentiles = make("span", { class: "soft" });
  readonly #mean = make("b", {});
  readonly #stages = new StageBar();
  readonly #time: HTMLElement;
  readonly #workers = new WorkerBlocks();
  readonly #objectives = new Objectives();
  readonly #tokens = new Tokens();
  readonly #table: Table;

  constructor({ card: { name, version } }: Ranked) {
    this.#table = new Table(`${name} ${version}, the last ten minutes`);
    const head = make("header", {}, make("h3", {}, this.#name, " ", this.#version), this.#pill.element);
    const figures = [this.#rate, this.#errors, this.#slow, this.#queue].map((one) => one.element);
    const label = make("div", { class: "label" }, "Where the time goes", this.#mean);
    this.#time = make("div", {}, label, this.#stages.element);
    const workers = make("div", { class: "label" }, "Workers", this.#workers.element);
    this.element = make(
      "article",
      { class: "sheet card" },
      head,
      make("div", { class: "figures" }, ...figures),
      make("div", { class: "label" }, "Answered in", this.#percentiles),
      this.#time,
      this.#tokens.element,
      workers,
      this.#objectives.element,
      this.#table.element,
    );
  }

  update({ card, trouble }: Ranked): void {
    attribute(this.element, "data-trouble", trouble);
    write(this.#name, card.name);
    attribute(this.#name, "href", place(card));
    write(this.#version, card.default ? card.version : `${card.version}, not the default`);
    this.#pill.update(card.state);
    this.#numbers(card);
    write(this.#mean, seconds(whole(card.stages)));
    this.#time.hidden = whole(card.stages) === null;
    this.#stages.update(card.stages, 4);
    this.#workers.update(card.workers.states, card.workers.wanted);
    this.#objectives.update(card.objectives);
    this.#tokens.update(card.llm);
    this.#table.update(() => rows(card));
  }

  #numbers({ rate: requests, error_rate, error_ratio, p50, p90, p99, queue, lines }: Card): void {
    this.#rate.update(rate(requests), lines.rate);
    const failing = (error_rate ?? 0) > 0;
    this.#errors.update(failing ? percent(error_ratio) : error_rate === null ? NONE : "none", lines.error_rate, failing);
    this.#slow.update(seconds(p99), lines.p99);
    const of = queue.capacity === null ? "" : ` / ${figure(queue.capacity)}`;
    const full = queue.capacity !== null && queue.capacity > 0 && (queue.depth ?? 0) >= queue.capacity;
    this.#queue.update(`${figure(queue.depth)}${of}`, lines.queue, full);
    write(this.#percentiles, p50 === null ? "no answers" : `p50 ${seconds(p50)} · p90 ${seconds(p90)}`);
  }
}

/** A number with its name above and its line below. */
class Figure {
  readonly element: HTMLElement;
  readonly #value = make("b", {});
  readonly #line: Sparkline;

  constructor(name: string, colour: string) {
    this.#line = new Sparkline(colour);
    this.element = make("div", { class: "figure" }, make("span", { class: "faint" }, name), this.#value, this.#line.element);
  }

  update(text: string, values: readonly (number | null)[], bad = false): void {
    write(this.#value, text);
    attribute(this.element, "data-bad", bad ? "" : null);
    this.#line.update(values);
  }
}

function rows({ lines }: Card): Rows {
  const texts = lines.at.map((at, index) => [
    clock(at),
    rate(lines.rate[index]),
    rate(lines.error_rate[index]),
    seconds(lines.p99[index]),
    figure(lines.queue[index]),
    figure(lines.workers[index]),
  ]);
  return { heads: ["Time", "Requests", "Errors", "p99", "Queue", "Workers"], rows: texts.reverse() };
}
