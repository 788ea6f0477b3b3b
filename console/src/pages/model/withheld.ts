// A sentence on what this browser may not see, with the way to change that. Called by the lists of failures and slow requests.

import { make, write } from "../../dom/make.ts";

export class Withheld {
  readonly element: HTMLElement;
  readonly #words = make("span", {});

  readonly #what: string;

  /** `what` is hidden, in words. */
  constructor(what: string, sign: () => void) {
    this.#what = what;
    const button = make("button", { type: "button", class: "quiet" }, "Sign in");
    button.addEventListener("click", sign);
    this.element = make("p", { class: "soft withheld", hidden: true }, this.#words, " ", button);
  }

  /** The server's words, or "" where all is shown. */
  update(words: string): void {
    this.element.hidden = !words;
    write(this.#words, `${this.#what} ${words}`);
  }
}
