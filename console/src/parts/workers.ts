// A model's workers, a block each: in, how many are in which state; out, blocks whose shape and colour tell the state, and
// the same in words. Called by the cards.

import { fill, make, write } from "../dom/make.ts";
import { peopled, workersInWords } from "../text/words.ts";

const MOST = 24;

export class WorkerBlocks {
  readonly element: HTMLElement;
  readonly #blocks = make("span", { class: "blocks", "aria-hidden": "true" });
  readonly #words = make("span", {});
  #drawn = "";

  constructor() {
    this.element = make("div", { class: "workers" }, this.#blocks, this.#words);
  }

  update(states: Readonly<Record<string, number>>, wanted: number | null): void {
    const said = workersInWords(states, wanted);
    write(this.#words, said);
    if (said === this.#drawn) return;
    this.#drawn = said;
    const there = peopled(states).flatMap(([state, count]) => Array<string>(Math.min(count, MOST)).fill(state));
    const missing = Math.max(0, (wanted ?? 0) - there.length);
    const all = [...there, ...Array<string>(Math.min(missing, MOST)).fill("missing")].slice(0, MOST);
    fill(this.#blocks, ...all.map((state) => make("i", { "data-state": state })));
  }
}
