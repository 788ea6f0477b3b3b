// How a model stands, in a word beside its name. Called by the cards and the model's page.

import { attribute, make, write } from "../dom/make.ts";
import { modelState } from "../text/words.ts";

export class Pill {
  readonly element = make("span", { class: "pill", hidden: true });

  update(state: string): void {
    const [text, mood] = modelState(state);
    this.element.hidden = false;
    attribute(this.element, "data-mood", mood);
    write(this.element, text);
  }
}
