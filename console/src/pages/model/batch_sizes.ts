// How large the batches were: in, counts by size of the last minute; out, a table with a bar in each row. Called by the lists.

import type { Model } from "../../api/documents.ts";
import { Keyed, type Part } from "../../dom/keyed.ts";
import { make, write } from "../../dom/make.ts";
import { figure } from "../../text/numbers.ts";

const TITLE = "Batch sizes, the last minute";

interface Size {
  readonly label: string;
  readonly count: number;
  readonly share: number;
}

export class BatchSizes {
  readonly element: HTMLElement;
  readonly #body = make("tbody", {});
  readonly #table: HTMLTableElement;
  readonly #empty = make("p", { class: "calm empty" }, "No batch was run in the last minute.");
  readonly #rows = new Keyed<Size>(this.#body, (size) => size.label, () => new Row());

  constructor() {
    const heads = ["Requests", "Batches", ""].map((text) => make("th", { scope: "col" }, text || make("span", { class: "unseen" }, "Share")));
    this.#table = make("table", { class: "bars-table" }, make("caption", { class: "unseen" }, TITLE), make("thead", {}, make("tr", {}, ...heads)), this.#body);
    this.element = make("section", { class: "sheet list", "aria-label": TITLE }, make("h3", {}, TITLE), this.#empty, this.#table);
  }

  update(batches: Model["batch_sizes"]): void {
    const there = sizes(batches);
    this.#table.hidden = there.length === 0;
    this.#empty.hidden = there.length > 0;
    this.#rows.update(there);
  }
}

/** From the smallest that occurred to the largest, those between them too; `share` is of the most frequent. */
export function sizes({ bounds, counts }: Model["batch_sizes"]): Size[] {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = counts.length - 1 - [...counts].reverse().findIndex((count) => count > 0);
  const most = Math.max(...counts);
  return counts.slice(first, last + 1).map((count, index) => ({ label: label(bounds, first + index), count, share: count / most }));
}

function label(bounds: readonly number[], bucket: number): string {
  const high = bounds[bucket];
  const low = (bounds[bucket - 1] ?? 0) + 1;
  if (high === undefined) return `${low} and more`;
  return low >= high ? String(high) : `${low} to ${high}`;
}

class Row implements Part<Size> {
  readonly #label = make("td", {});
  readonly #count = make("td", {});
  readonly #bar = make("i", {});
  readonly element = make("tr", {}, this.#label, this.#count, make("td", { class: "bar-cell" }, this.#bar));

  update({ label: text, count, share }: Size): void {
    write(this.#label, text);
    write(this.#count, figure(count));
    this.#bar.style.width = `${share * 100}%`;
  }
}
