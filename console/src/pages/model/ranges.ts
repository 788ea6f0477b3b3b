// The choice between the last hour and the last day. In, a click; out, a call with the range. Called by the model's page.

import type { Range } from "../../api/past.ts";
import { attribute, make } from "../../dom/make.ts";

const RANGES: readonly (readonly [Range, string])[] = [
  ["hour", "Hour"],
  ["day", "Day"],
];

export class Ranges {
  readonly element = make("div", { class: "ranges", role: "group", "aria-label": "How far back" });

  constructor(choose: (range: Range) => void) {
    const buttons = RANGES.map(([range, text]) => {
      const button = make("button", { type: "button", "aria-pressed": range === "hour" ? "true" : "false" }, text);
      button.addEventListener("click", () => {
        for (const other of buttons) attribute(other, "aria-pressed", other === button ? "true" : "false");
        choose(range);
      });
      return button;
    });
    this.element.append(...buttons);
  }
}
