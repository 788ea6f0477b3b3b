// A model's page: what is wrong with it, its numbers, its history, its workers, what failed, and what can be changed. In,
// which model, and a beat with each overview; out, an element. It asks for the document with each beat, and for the history
// as often as that has a new step. Called by `main`.

import type { Model, Overview } from "../../api/documents.ts";
import type { Range } from "../../api/past.ts";
import { Refused, type Server, type Which } from "../../api/server.ts";
import type { Access } from "../../app/access.ts";
import type { Page } from "../../app/page.ts";
import { HeatChart } from "../../charts/heatmap.ts";
import { make, write } from "../../dom/make.ts";
import { Findings } from "../../parts/findings.ts";
import { Actions } from "./actions.ts";
import { ModelCharts } from "./charts.ts";
import { Facts } from "./facts.ts";
import { FailureList } from "./failures.ts";
import { Heading } from "./heading.ts";
import { ModelLists } from "./lists.ts";
import { Ranges } from "./ranges.ts";
import { SlowestList } from "./slowest.ts";

const POINTS = 240;
const COLUMNS = 120;
const LISTS_EVERY_S = 15;

export class ModelPage implements Page {
  readonly element: HTMLElement;
  readonly #server: Server;
  readonly #which: Which;
  readonly #heading: Heading;
  readonly #actions: Actions;
  readonly #problem = make("p", { class: "problem", role: "alert", hidden: true });
  readonly #body: HTMLElement;
  readonly #findings = new Findings(false);
  readonly #facts = new Facts();
  readonly #heat = new HeatChart();
  readonly #charts = new ModelCharts();
  readonly #lists = new ModelLists();
  readonly #failures: FailureList;
  readonly #slowest: SlowestList;
  readonly #due: Record<"history" | "heat" | "lists", number> = { history: 0, heat: 0, lists: 0 };
  readonly #stopListening: () => void;
  #range: Range = "hour";
  #closed = false;
  #busy = false;
  #again = false;

  constructor(server: Server, access: Access, which: Which) {
    this.#server = server;
    this.#which = which;
    this.#heading = new Heading(which);
    this.#actions = new Actions(server, access, (gone) => (gone ? this.close() : this.#askAgain()));
    const sign = (): void => void access.allowed();
    this.#failures = new FailureList(sign);
    this.#slowest = new SlowestList(sign);
    const ranges = new Ranges((range) => this.#show(range));
    const { wide, narrow } = this.#lists.elements;
    this.#body = make(
      "div",
      { hidden: true },
      this.#findings.element,
      this.#facts.element,
      make("div", { class: "between" }, make("h2", {}, "History"), ranges.element),
      make("div", { class: "charts" }, this.#heat.element, ...this.#charts.elements, this.#lists.batches),
      make("h2", {}, "Now"),
      make("div", { class: "stack" }, wide[0] ?? null, make("div", { class: "halves" }, ...narrow), ...wide.slice(1)),
      make("h2", {}, "Requests to look at"),
      make("div", { class: "stack" }, this.#failures.element, this.#slowest.element),
    );
    const top = make("div", { class: "between heading" }, this.#heading.element, this.#actions.element);
    this.element = make("div", {}, make("p", { class: "back" }, make("a", { href: "#/" }, "← All models")), top, this.#problem, this.#body);
    // Who signs in sees at once what was withheld.
    this.#stopListening = access.listen(() => {
      this.#due.lists = 0;
      this.#askAgain();
    });
  }

  overview(overview: Overview): void {
    void this.#refresh(overview.at);
  }

  recolour(): void {
    this.#heat.recolour();
    this.#charts.recolour();
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
  }

  #show(range: Range): void {
    this.#range = range;
    this.#due.history = this.#due.heat = 0;
    this.#askAgain();
  }

  /** The reader did something: what is due is asked for now, or as soon as the round that is under way is over. */
  #askAgain(): void {
    this.#again = this.#busy;
    void this.#refresh();
  }

  /** Ask for what is due. While one round is under way no other begins, so a slow server is not asked more and more. */
  async #refresh(now = Date.now() / 1000): Promise<void> {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    try {
      const model = await this.#server.model(this.#which);
      if (this.#closed) return;
      this.#draw(model);
      await Promise.all([this.#history(now), this.#heatmap(now), this.#requests(now)]);
      this.#complain("");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status !== 0) this.#complain(error.message); // the header tells that the server is away
    } finally {
      this.#busy = false;
      if (this.#again) this.#askAgain();
    }
  }

  #draw(model: Model): void {
    this.#body.hidden = false;
    this.#heading.update(model);
    this.#actions.update(model);
    this.#findings.update(model.findings, model.at);
    this.#facts.update(model);
    this.#lists.update(model);
  }

  async #history(now: number): Promise<void> {
    if (now < this.#due.history) return;
    const range = this.#range;
    const history = await this.#server.history(this.#which, range, POINTS);
    if (this.#closed || range !== this.#range) return;
    this.#due.history = now + history.step_s;
    this.#charts.update(history);
  }

  async #heatmap(now: number): Promise<void> {
    if (now < this.#due.heat) return;
    const range = this.#range;
    const map = await this.#server.heatmap(this.#which, range, COLUMNS);
    if (this.#closed || range !== this.#range) return;
    this.#due.heat = now + map.step_s;
    this.#heat.update(map);
  }

  async #requests(now: number): Promise<void> {
    if (now < this.#due.lists) return;
    this.#due.lists = now + LISTS_EVERY_S;
    const [failures, slowest] = await Promise.all([this.#server.failures(this.#which), this.#server.slowest(this.#which)]);
    if (this.#closed) return;
    this.#failures.update(failures, now);
    this.#slowest.update(slowest, now);
  }

  #complain(words: string): void {
    this.#problem.hidden = !words;
    write(this.#problem, words);
  }
}
