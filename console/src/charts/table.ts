// The table behind a chart: in, what the chart shows; out, a fold that holds the same numbers, newest first, and is filled
// only while it is open. Called by the charts and the cards.

import { fill, make } from "../dom/make.ts";

export interface Rows {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export class Table {
  readonly element: HTMLDetailsElement;
  readonly #table: HTMLTableElement;
  readonly #caption: string;
  #read: (() => Rows) | null = null;

  constructor(caption: string) {
    this.#caption = caption;
    this.#table = make("table");
    const box = make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `Table: ${caption}` }, this.#table);
    this.element = make("details", { class: "numbers" }, make("summary", {}, "Table"), box);
    this.element.addEventListener("toggle", () => this.#draw());
  }

  /** `read` gives the rows when they are looked at. */
  update(read: () => Rows): void {
    this.#read = read;
    this.#draw();
  }

  #draw(): void {
    if (!this.element.open || !this.#read) return;
    const { heads, rows } = this.#read();
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    fill(
      this.#table,
      make("caption", { class: "unseen" }, this.#caption),
      make("thead", {}, head),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((text) => make("td", {}, text))))),
    );
  }
}
