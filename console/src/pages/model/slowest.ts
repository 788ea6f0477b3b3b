// The slowest requests that the durations' exemplars remember: in, the server's list; out, a row each, with where its time
// went. Called by the page.

import type { Slow, Slowest } from "../../api/documents.ts";
import { Keyed, type Part } from "../../dom/keyed.ts";
import { make, write } from "../../dom/make.ts";
import { StageBar } from "../../parts/stages.ts";
import { figure, seconds } from "../../text/numbers.ts";
import { moment } from "../../text/times.ts";
import { Withheld } from "./withheld.ts";

const TITLE = "Slowest requests";

export class SlowestList {
  readonly element: HTMLElement;
  readonly #withheld: Withheld;
  readonly #empty = make("p", { class: "calm empty" }, "None is remembered.");
  readonly #body = make("tbody", {});
  readonly #box: HTMLElement;
  readonly #list = new Keyed<Slow>(this.#body, (slow) => JSON.stringify([slow.at, slow.duration_s, slow.worker]), () => new Row(() => this.#now));
  #now = 0;

  constructor(sign: () => void) {
    this.#withheld = new Withheld("Ids are hidden.", sign);
    const heads = ["Took", "Where the time went", "Time", "Worker", "Batch", "Id"].map((text) => make("th", { scope: "col" }, text));
    const table = make("table", {}, make("caption", { class: "unseen" }, TITLE), make("thead", {}, make("tr", {}, ...heads)), this.#body);
    this.#box = make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": TITLE }, table);
    const hint = make("p", { class: "faint hint" }, "One for each bucket of the durations, the newest of it.");
    this.element = make("section", { class: "sheet list", "aria-label": TITLE }, make("h3", {}, TITLE), hint, this.#withheld.element, this.#empty, this.#box);
  }

  update({ slowest, withheld }: Slowest, now: number): void {
    this.#now = now;
    this.#empty.hidden = slowest.length > 0;
    this.#box.hidden = slowest.length === 0;
    this.#withheld.update(slowest.length ? withheld : "");
    this.#list.update(slowest);
  }
}

class Row implements Part<Slow> {
  readonly #took = make("td", {});
  readonly #stages = new StageBar();
  readonly #others = ["", "mono", "", "mono"].map((look) => make("td", { class: look || null }));
  readonly element = make("tr", {}, this.#took, make("td", { class: "stage-cell" }, this.#stages.element), ...this.#others);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  update(slow: Slow): void {
    write(this.#took, seconds(slow.duration_s));
    this.#stages.update(slow.stages, 3);
    const texts = [slow.at === null ? "–" : moment(slow.at, this.#now()), slow.worker ?? "–", figure(slow.batch_size), slow.id ?? "–"];
    this.#others.forEach((cell, index) => write(cell, texts[index] ?? ""));
  }
}
