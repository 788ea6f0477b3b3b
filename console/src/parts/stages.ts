// Where a request's time goes: in, mean seconds by stage; out, one bar, its parts as long as they last, and the same in
// words. Called by the cards and the list of slow requests.

import type { Value } from "../api/documents.ts";
import { fill, make } from "../dom/make.ts";
import { seconds } from "../text/numbers.ts";
import { inOrder, stageColour, words } from "../text/words.ts";

const WORTH = 0.01; // parts shorter than this share are left out of the words

export class StageBar {
  readonly element = make("div", { class: "stages" });
  readonly #bar = make("div", { class: "bar", "aria-hidden": "true" });
  readonly #words = make("ul", { class: "stage-words" });

  constructor() {
    this.element.append(this.#bar, this.#words);
  }

  /** Draw them; `most` is how many are named in words, the longest of them. */
  update(stages: Readonly<Record<string, Value>>, most = 8): void {
    const there = inOrder(stages).filter((stage): stage is readonly [string, number] => (stage[1] ?? 0) > 0);
    const whole = there.reduce((sum, [, value]) => sum + value, 0);
    this.element.hidden = whole === 0;
    fill(this.#bar, ...there.map(([name, value]) => piece(name, value / whole)));
    const longest = [...there].sort(([, one], [, other]) => other - one).slice(0, most);
    const named = there.filter((stage) => longest.includes(stage) && stage[1] / whole >= WORTH);
    fill(this.#words, ...named.map(([name, value]) => make("li", {}, swatch(name), words(name), " ", make("b", {}, seconds(value)))));
  }
}

/** The sum of the stages, which is the mean duration; null where nothing was measured. */
export function whole(stages: Readonly<Record<string, Value>>): Value {
  const there = Object.values(stages).filter((value): value is number => value !== null);
  return there.length ? there.reduce((sum, value) => sum + value, 0) : null;
}

function piece(name: string, share: number): HTMLElement {
  const element = make("i", {});
  element.style.flexGrow = String(share);
  element.style.background = `var(${stageColour(name)})`;
  return element;
}

function swatch(name: string): HTMLElement {
  const element = make("i", { class: "key" });
  element.style.background = `var(${stageColour(name)})`;
  return element;
}
