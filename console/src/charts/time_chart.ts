// Lines, or bands laid upon each other, over time: in, a chart; out, uPlot's canvas with a legend in words, which follows
// the pointer or the arrow keys, and the table behind it. Called by the model's page and the overview.

import uPlot from "uplot";
import { attribute, fill, make, write } from "../dom/make.ts";
import { clock, moment, ticks } from "../text/times.ts";
import { type Chart, alone, last, stacked } from "./series.ts";
import { ink } from "./ink.ts";
import { Table } from "./table.ts";

const HEIGHT = 190;

export interface Look {
  readonly title: string;
  /** What it means, in a sentence that stands below the title. */
  readonly hint?: string;
  readonly format: (value: number | null | undefined) => string;
  readonly stack?: boolean;
  /** Where there is nothing to draw. */
  readonly empty?: string;
}

export class TimeChart {
  readonly element: HTMLElement;
  readonly #look: Look;
  readonly #plot = make("div", { class: "plot", tabindex: 0 });
  readonly #legend = make("ul", { class: "legend" });
  readonly #when = make("span", { class: "faint when" });
  readonly #empty: HTMLParagraphElement;
  readonly #table: Table;
  #chart: Chart = { times: [], lines: [] };
  #values: HTMLElement[] = [];
  #drawn: uPlot | null = null;
  #shape = "";

  constructor(look: Look) {
    this.#look = look;
    this.#table = new Table(look.title);
    this.#empty = make("p", { class: "calm empty" }, look.empty ?? "Nothing was measured in this time.");
    const head = make("div", { class: "chart-head" }, make("h3", {}, look.title), this.#when);
    this.element = make(
      "section",
      { class: "sheet chart", "aria-label": look.title },
      head,
      look.hint ? make("p", { class: "faint hint" }, look.hint) : null,
      this.#empty,
      this.#plot,
      this.#legend,
      this.#table.element,
    );
    attribute(this.#plot, "role", "img");
    this.#plot.addEventListener("keydown", (event) => this.#walk(event));
    this.#plot.addEventListener("blur", () => this.#drawn?.setCursor({ left: -10, top: -10 }));
    new ResizeObserver(() => this.#resize()).observe(this.#plot);
  }

  update(chart: Chart): void {
    this.#chart = chart;
    const something = chart.lines.some((line) => last(line.values) !== null);
    this.#empty.hidden = something;
    this.#plot.hidden = this.#legend.hidden = this.#table.element.hidden = !something;
    if (!something) return;
    const shape = chart.lines.map((line) => line.label + line.colour).join("\n");
    if (shape !== this.#shape) this.#begin(shape);
    this.#draw();
    this.#say(null);
    attribute(this.#plot, "aria-label", this.#summary());
    this.#table.update(() => this.#rows());
  }

  /** Draw anew in other colours. */
  recolour(): void {
    this.#drawn?.destroy();
    this.#drawn = null;
    this.#draw();
  }

  #begin(shape: string): void {
    this.#shape = shape;
    this.#drawn?.destroy();
    this.#drawn = null;
    this.#values = this.#chart.lines.map(() => make("b", {}));
    const items = this.#chart.lines.map((line, index) => {
      const key = make("i", { class: "key" });
      key.style.background = `var(${line.colour})`;
      return make("li", {}, key, make("span", {}, line.label), this.#values[index]);
    });
    fill(this.#legend, ...items);
  }

  #draw(): void {
    const width = this.#plot.clientWidth;
    if (!width || !this.#shape) return;
    const data = this.#data();
    if (this.#drawn) this.#drawn.setData(data);
    else this.#drawn = new uPlot(this.#options(width), data, this.#plot);
  }

  /** uPlot draws first what comes first, so bands go in from the highest down, each over the one before. */
  #data(): uPlot.AlignedData {
    const lines = this.#look.stack ? stacked(this.#chart.lines).reverse() : this.#chart.lines;
    return [this.#chart.times as number[], ...lines.map((line) => line.values as (number | null)[])];
  }

  #options(width: number): uPlot.Options {
    const colours = ink(this.element);
    const lines = this.#look.stack ? [...this.#chart.lines].reverse() : this.#chart.lines;
    const axis = { stroke: colours("--ink-faint"), grid: { stroke: colours("--line"), width: 1 }, ticks: { show: false } };
    return {
      width,
      height: HEIGHT,
      padding: [8, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_u, _low, high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [
        { ...axis, font: FONT, values: (_u, splits) => splits.map(ticks(splits)), space: 72, size: 28 },
        { ...axis, font: FONT, values: (_u, splits) => splits.map((value) => this.#look.format(value)), size: 64, space: 36 },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: colours(line.colour),
          width: this.#look.stack ? 0.5 : 1.75,
          ...(this.#look.stack ? { fill: colours(line.colour) } : {}),
          points: { show: false, size: 5, fill: colours(line.colour), filter: (plot: uPlot, number: number) => alone(plot.data[number] ?? []) },
        })),
      ],
      hooks: { setCursor: [(plot) => this.#say(plot.cursor.idx ?? null)] },
    };
  }

  /** The legend's values: at the pointer, or the newest. */
  #say(index: number | null): void {
    const at = index === null ? undefined : this.#chart.times[index];
    write(this.#when, at === undefined ? "" : clock(at));
    this.#chart.lines.forEach((line, number) => {
      const element = this.#values[number];
      const value = index === null ? last(line.values) : (line.values[index] ?? null);
      if (element) write(element, this.#look.format(value));
    });
  }

  #walk(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const plot = this.#drawn;
    if (!step || !plot) return;
    event.preventDefault();
    const end = this.#chart.times.length - 1;
    const index = Math.max(0, Math.min(end, (plot.cursor.idx ?? end + (step < 0 ? 1 : 0)) + step));
    const at = this.#chart.times[index];
    if (at !== undefined) plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
  }

  #summary(): string {
    const said = this.#chart.lines.map((line) => `${line.label} ${this.#look.format(last(line.values))}`);
    return `${this.#look.title}. Now: ${said.join(", ")}. Arrow keys walk through it; the table below has all of it.`;
  }

  #rows(): { heads: string[]; rows: string[][] } {
    const { times, lines } = this.#chart;
    const now = times[times.length - 1] ?? 0;
    const rows = times.map((at, index) => [
      moment(at, now),
      ...lines.map((line) => this.#look.format(line.values[index] ?? null)),
    ]);
    return { heads: ["Time", ...lines.map((line) => line.label)], rows: rows.reverse() };
  }

  #resize(): void {
    const width = this.#plot.clientWidth;
    if (!width) return;
    if (this.#drawn) this.#drawn.setSize({ width, height: HEIGHT });
    else this.#draw();
  }
}

const FONT = "11px system-ui, sans-serif";
