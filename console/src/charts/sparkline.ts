// The small line beside a number: in, values; out, an SVG that says nothing to screen readers, as the number stands beside
// it and all values in the table. Called by the cards.

import { attribute, svg } from "../dom/make.ts";
import { path } from "./path.ts";

const WIDTH = 120;
const HEIGHT = 28;

export class Sparkline {
  readonly element: SVGSVGElement;
  readonly #line: SVGPathElement;

  constructor(colour: string) {
    this.#line = svg("path", { class: "spark-line", stroke: `var(${colour})` });
    this.element = svg(
      "svg",
      { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("path", { class: "spark-base", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      this.#line,
    );
  }

  /** Draw the values; the top is their largest. */
  update(values: readonly (number | null)[]): void {
    const most = values.reduce<number>((so_far, value) => Math.max(so_far, value ?? 0), 0);
    attribute(this.#line, "d", path(values, most, WIDTH, HEIGHT));
  }
}
