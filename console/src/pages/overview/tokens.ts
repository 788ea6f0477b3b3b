// A language model's figures on its card: in, its part of the card, or null for other models; out, a line in words. Called
// by the card.

import type { LanguageModel } from "../../api/documents.ts";
import { make, write } from "../../dom/make.ts";
import { figure, percent, rate, seconds } from "../../text/numbers.ts";

export class Tokens {
  readonly element: HTMLElement;
  readonly #words = make("span", { class: "soft" });

  constructor() {
    this.element = make("div", { class: "label" }, "Tokens", this.#words);
  }

  update(llm: LanguageModel | null): void {
    this.element.hidden = llm === null;
    if (llm) write(this.#words, inWords(llm));
  }
}

/** "340/s · first after 120 ms, then every 20 ms (p99) · cache 40 % · 3 running, 0 waiting". */
export function inWords({ ttft, itl, tokens_per_s, kv_cache_ratio, running, waiting }: LanguageModel): string {
  const times = `first after ${seconds(ttft.p99)}, then every ${seconds(itl.p99)} (p99)`;
  const load = `${figure(running)} running, ${figure(waiting)} waiting`;
  return `${rate(tokens_per_s.generation)} · ${times} · cache ${percent(kv_cache_ratio)} · ${load}`;
}
