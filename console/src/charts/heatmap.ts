// How long requests took, as a picture of all of them: time to the right, durations upwards, the stronger the colour the more. In, the
// server's heatmap; out, a canvas that tells of the field under the pointer or the arrow keys, and the table behind it.
// Called by the model's page.

import type { Heatmap } from "../api/past.ts";
import { attribute, make, write } from "../dom/make.ts";
import { count, seconds } from "../text/numbers.ts";
import { clock, moment, ticks } from "../text/times.ts";
import { type Used, span, strength, used } from "./heat.ts";
import { ink } from "./ink.ts";
import { mix } from "./mix.ts";
import { type Rows, Table } from "./table.ts";

const TITLE = "Durations";
const LEFT = 64;
const BOTTOM = 22;
const ROW = 15;
const LEAST_HEIGHT = 120;

export class HeatChart {
  readonly element: HTMLElement;
  readonly #canvas = make("canvas", {});
  readonly #box = make("div", { class: "plot heat", tabindex: 0, role: "img" }, this.#canvas);
  readonly #said = make("p", { class: "faint said-of" });
  readonly #empty = make("p", { class: "calm empty" }, "No request was answered in this time.");
  readonly #key = scale();
  readonly #table = new Table(TITLE);
  #map: Heatmap | null = null;
  #used: Used | null = null;
  #at: { column: number; bucket: number } | null = null;

  constructor() {
    const hint = "Every answered request; the stronger the colour, the more took that long.";
    this.element = make(
      "section",
      { class: "sheet chart wide", "aria-label": TITLE },
      make("div", { class: "chart-head" }, make("h3", {}, TITLE), this.#key),
      make("p", { class: "faint hint" }, hint),
      this.#empty,
      this.#box,
      this.#said,
      this.#table.element,
    );
    this.#box.addEventListener("pointermove", (event) => this.#point(event.offsetX, event.offsetY));
    this.#box.addEventListener("pointerleave", () => this.#choose(null));
    this.#box.addEventListener("blur", () => this.#choose(null));
    this.#box.addEventListener("keydown", (event) => this.#walk(event));
    new ResizeObserver(() => this.#draw()).observe(this.#box);
  }

  update(map: Heatmap): void {
    this.#map = map;
    this.#used = used(map);
    const something = this.#used !== null;
    this.#empty.hidden = something;
    this.#box.hidden = this.#key.hidden = this.#said.hidden = this.#table.element.hidden = !something;
    attribute(this.#box, "aria-label", this.#summary());
    this.#choose(this.#at);
    this.#table.update(() => this.#rows());
  }

  recolour(): void {
    this.#draw();
  }

  #draw(): void {
    const [map, rows] = [this.#map, this.#used];
    const width = this.#box.clientWidth;
    if (!map || !rows || !width) return;
    const height = Math.max(LEAST_HEIGHT, (rows.last - rows.first + 1) * ROW) + BOTTOM;
    const pen = sized(this.#canvas, width, height);
    if (!pen) return;
    const colours = ink(this.element);
    const [least, most] = [colours("--heat-least"), colours("--heat-most")];
    const field = this.#field();
    pen.font = "11px system-ui, sans-serif";
    map.counts.forEach((column, index) => {
      for (let bucket = rows.first; bucket <= rows.last; bucket += 1) {
        const force = strength(column?.[bucket] ?? 0, map.most);
        if (column === null) pen.fillStyle = colours("--ground");
        else pen.fillStyle = force ? mix(least, most, force) : colours("--sunk");
        const [x, y] = field.corner(index, bucket);
        pen.fillRect(x, y, Math.max(1, field.width - 0.5), field.height - 1);
      }
    });
    this.#labels(pen, colours("--ink-faint"));
    if (this.#at) {
      const [x, y] = field.corner(this.#at.column, this.#at.bucket);
      pen.strokeStyle = colours("--ink");
      pen.lineWidth = 1.5;
      pen.strokeRect(x - 0.5, y - 0.5, field.width + 0.5, field.height);
    }
  }

  /** Bounds of durations at the left, each at its line; times below. */
  #labels(pen: CanvasRenderingContext2D, colour: string): void {
    const [map, rows] = [this.#map, this.#used];
    if (!map || !rows) return;
    const field = this.#field();
    pen.fillStyle = colour;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let bucket = rows.first; bucket < rows.last; bucket += 1) {
      const bound = map.bounds[bucket];
      if (bound === undefined || (rows.last - bucket) % 2 === 0) continue;
      pen.fillText(seconds(bound), LEFT - 8, field.corner(0, bucket)[1]);
    }
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    const every = Math.max(1, Math.ceil(80 / field.width));
    const text = ticks(map.at.filter((_at, index) => index % every === 0));
    map.at.forEach((at, index) => {
      const x = field.corner(index, 0)[0] + field.width / 2;
      if (index % every === 0 && x < this.#box.clientWidth - 26) pen.fillText(text(at), Math.max(LEFT + 14, x), field.bottom + BOTTOM);
    });
  }

  #field(): { width: number; height: number; bottom: number; corner: (column: number, bucket: number) => [number, number] } {
    const rows = this.#used ?? { first: 0, last: 0 };
    const rowCount = rows.last - rows.first + 1;
    const height = Math.max(LEAST_HEIGHT / rowCount, ROW);
    const width = (this.#box.clientWidth - LEFT) / Math.max(1, this.#map?.at.length ?? 1);
    const corner = (column: number, bucket: number): [number, number] => [LEFT + column * width, (rows.last - bucket) * height];
    return { width, height, bottom: rowCount * height, corner };
  }

  #point(x: number, y: number): void {
    const [rows, field] = [this.#used, this.#field()];
    if (!rows || x < LEFT || y >= field.bottom) return this.#choose(null);
    this.#choose({ column: Math.floor((x - LEFT) / field.width), bucket: rows.last - Math.floor(y / field.height) });
  }

  #walk(event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const [map, rows] = [this.#map, this.#used];
    if (!step || !map || !rows) return;
    event.preventDefault();
    const from = this.#at ?? { column: map.at.length - 1, bucket: rows.first };
    this.#choose({
      column: clamp(from.column + (this.#at ? (step[0] ?? 0) : 0), 0, map.at.length - 1),
      bucket: clamp(from.bucket + (this.#at ? (step[1] ?? 0) : 0), rows.first, rows.last),
    });
  }

  #choose(at: { column: number; bucket: number } | null): void {
    const there = this.#map?.at[at?.column ?? -1] !== undefined;
    this.#at = at && there ? at : null;
    write(this.#said, this.#at ? this.#words(this.#at) : this.#summary());
    this.#draw();
  }

  #words({ column, bucket }: { column: number; bucket: number }): string {
    if (!this.#map) return "";
    const column_counts = this.#map.counts[column];
    const when = clock(this.#map.at[column] ?? 0);
    if (!column_counts) return `Until ${when}: the server was not there.`;
    return `Until ${when}, ${range(this.#map.bounds, bucket)}: ${count(column_counts[bucket] ?? 0, "request")}`;
  }

  #summary(): string {
    if (!this.#map) return "";
    const all = this.#map.counts.reduce((sum, column) => sum + (column?.reduce((one, other) => one + other, 0) ?? 0), 0);
    return `${count(all, "request")} in ${count(this.#map.at.length, "step")} of ${seconds(this.#map.step_s)}; at most ${count(this.#map.most, "request")} in one field.`;
  }

  #rows(): Rows {
    const [map, rows] = [this.#map, this.#used];
    if (!map || !rows) return { heads: [], rows: [] };
    const buckets = Array.from({ length: rows.last - rows.first + 1 }, (_, index) => rows.first + index);
    const now = map.at[map.at.length - 1] ?? 0;
    const texts = map.at.map((at, index) => [
      moment(at, now),
      ...buckets.map((bucket) => String(map.counts[index]?.[bucket] ?? "–")),
    ]);
    return { heads: ["Until", ...buckets.map((bucket) => range(map.bounds, bucket))], rows: texts.reverse() };
  }
}

function range(bounds: readonly number[], bucket: number): string {
  const [low, high] = span(bounds, bucket);
  if (low === null) return `up to ${seconds(high)}`;
  return high === null ? `above ${seconds(low)}` : `${seconds(low)} to ${seconds(high)}`;
}

function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const dense = devicePixelRatio || 1;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen?.setTransform(dense, 0, 0, dense, 0, 0);
  return pen;
}

function scale(): HTMLElement {
  return make("span", { class: "faint heat-key" }, "1", make("i", { "aria-hidden": "true" }), "most");
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
