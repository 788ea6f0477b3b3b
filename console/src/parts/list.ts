// A table that lives: in, items; out, a row each, in a box that scrolls sideways on a narrow screen, and a sentence where
// there is none. Called by the model's page.

import { Keyed } from "../dom/keyed.ts";
import { make, write } from "../dom/make.ts";

export interface Column<Item> {
  readonly head: string;
  readonly cell: (item: Item) => string;
  /** "mono" for ids and texts of programs, "wide" for prose. */
  readonly look?: "mono" | "wide";
}

export class List<Item> {
  readonly element: HTMLElement;
  readonly #body = make("tbody", {});
  readonly #table: HTMLTableElement;
  readonly #empty: HTMLParagraphElement;
  readonly #keyed: Keyed<Item>;

  constructor(title: string, columns: readonly Column<Item>[], key: (item: Item) => string, empty: string) {
    const heads = columns.map(({ head }) => make("th", { scope: "col" }, head));
    this.#table = make("table", {}, make("caption", { class: "unseen" }, title), make("thead", {}, make("tr", {}, ...heads)), this.#body);
    this.#empty = make("p", { class: "calm empty" }, empty);
    const box = make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": title }, this.#table);
    this.element = make("section", { class: "sheet list", "aria-label": title }, make("h3", {}, title), this.#empty, box);
    this.#keyed = new Keyed<Item>(this.#body, key, () => {
      const cells = columns.map(({ look }) => make("td", { class: look }));
      const update = (item: Item): void => cells.forEach((cell, index) => write(cell, columns[index]?.cell(item) ?? ""));
      return { element: make("tr", {}, ...cells), update };
    });
  }

  update(items: readonly Item[]): void {
    this.#table.hidden = items.length === 0;
    this.#empty.hidden = items.length > 0;
    this.#keyed.update(items);
  }

  /** Say something else where there is nothing. */
  empty(text: string): void {
    write(this.#empty, text);
  }
}
