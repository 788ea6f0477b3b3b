// A share of a whole as a bar, with words: in, a number from 0 to 1; out, an element whose text says the same. Called by the
// cards and the host's part.

import type { Value } from "../api/documents.ts";
import { attribute, make, write } from "../dom/make.ts";

export class Meter {
  readonly element: HTMLElement;
  readonly #name = make("span", { class: "meter-name" });
  readonly #value = make("b", {});
  readonly #filled = make("i", {});

  constructor() {
    const bar = make("div", { class: "meter-bar", "aria-hidden": "true" }, this.#filled);
    this.element = make("div", { class: "meter" }, make("div", { class: "meter-words" }, this.#name, this.#value), bar);
  }

  /** `mood`: "bad" and "warn" stand out. */
  update(name: string, share: Value, text: string, mood: "plain" | "warn" | "bad" = "plain"): void {
    write(this.#name, name);
    write(this.#value, text);
    attribute(this.element, "data-mood", mood);
    this.#filled.style.width = `${Math.max(0, Math.min(1, share ?? 0)) * 100}%`;
  }
}
