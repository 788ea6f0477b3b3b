// The machine below the models: in, the overview's host and GPUs; out, bars, and the last hour as charts where they are
// opened. Called by the overview's page.

import type { Disk, Gpu, Host, Overview } from "../../api/documents.ts";
import type { HostHistory } from "../../api/past.ts";
import { type Chart, colour } from "../../charts/series.ts";
import { TimeChart } from "../../charts/time_chart.ts";
import { Keyed, type Part } from "../../dom/keyed.ts";
import { attribute, make, write } from "../../dom/make.ts";
import { Meter } from "../../parts/meter.ts";
import { bytes, figure, percent, seconds } from "../../text/numbers.ts";

const HIGH = 0.9;

export class HostPart {
  readonly element: HTMLElement;
  readonly #bars = make("div", { class: "bars" });
  readonly #list = new Keyed<Bar>(this.#bars, (bar) => bar.key, meter);
  readonly #gpus: Keyed<Gpu>;
  readonly #gpuTable = make("tbody", {});
  readonly #gpuBox: HTMLElement;
  readonly #charts = [
    new TimeChart({ title: "Processor and memory", format: percent }),
    new TimeChart({ title: "GPUs", format: percent }),
  ] as const;
  readonly #fold: HTMLDetailsElement;
  readonly #load: () => void;

  /** `load` is called when the history is to be looked at. */
  constructor(load: () => void) {
    this.#load = load;
    this.#gpus = new Keyed<Gpu>(this.#gpuTable, (gpu) => gpu.uuid || gpu.device, () => new GpuRow());
    const heads = ["GPU", "Busy", "Memory", "Power", "Temperature"].map((text) => make("th", { scope: "col" }, text));
    const table = make("table", {}, make("caption", { class: "unseen" }, "GPUs"), make("thead", {}, make("tr", {}, ...heads)), this.#gpuTable);
    this.#gpuBox = make("div", { class: "sheet scroll", tabindex: 0, role: "group", "aria-label": "GPUs" }, table);
    const grid = make("div", { class: "charts" }, ...this.#charts.map((chart) => chart.element));
    this.#fold = make("details", { class: "more" }, make("summary", {}, "The last hour"), grid);
    this.#fold.addEventListener("toggle", () => this.open && this.#load());
    this.element = make("section", { "aria-label": "Machine" }, make("h2", {}, "Machine"), this.#bars, this.#gpuBox, this.#fold);
  }

  /** Whether its history is being looked at. */
  get open(): boolean {
    return this.#fold.open;
  }

  update({ host, gpus }: Overview): void {
    this.#list.update([...machine(host), ...host.disks.map(disk)]);
    this.#gpuBox.hidden = gpus.length === 0;
    this.#charts[1].element.hidden = gpus.length === 0;
    this.#gpus.update(gpus);
  }

  history(history: HostHistory): void {
    const [machineChart, gpuChart] = this.#charts;
    machineChart.update(machineLines(history));
    gpuChart.update(gpuLines(history));
  }

  recolour(): void {
    for (const chart of this.#charts) chart.recolour();
  }
}

interface Bar {
  readonly key: string;
  readonly name: string;
  readonly share: number | null;
  readonly text: string;
}

function machine(host: Host): Bar[] {
  const own = host.front_end;
  const cores = host.container_cpu_cores === null ? "" : ` of ${figure(host.container_cpu_cores)} cores`;
  const bars: Bar[] = [
    { key: "cpu", name: host.in_container ? "Processor (container)" : "Processor", share: host.cpu_ratio, text: percent(host.cpu_ratio) + cores },
    { key: "memory", name: host.in_container ? "Memory (container)" : "Memory", share: host.memory_ratio, text: memory(host) },
    { key: "loop", name: "Front end", share: own.cpu_ratio, text: `${percent(own.cpu_ratio)} of a core, ${bytes(own.memory_bytes)}` },
    { key: "lag", name: "Front end's event loop, p99 late", share: (own.loop_lag_p99_s ?? 0) / 0.1, text: seconds(own.loop_lag_p99_s) },
  ];
  if (host.throttled_ratio !== null) {
    bars.push({ key: "throttled", name: "Held back by the container's limit", share: host.throttled_ratio, text: percent(host.throttled_ratio) });
  }
  return bars;
}

function memory({ memory_used_bytes: used, memory_limit_bytes: limit }: Host): string {
  return used === null && limit === null ? "–" : `${bytes(used)} of ${bytes(limit)}`;
}

function disk({ mount, directories, ratio, available_bytes }: Disk): Bar {
  const name = directories ? `Disk ${mount} (${directories.replaceAll(",", ", ")})` : `Disk ${mount}`;
  return { key: `disk ${mount}`, name, share: ratio, text: `${bytes(available_bytes)} free` };
}

function meter(): Part<Bar> {
  const made = new Meter();
  const element = make("div", { class: "sheet" }, made.element);
  return { element, update: (bar) => made.update(bar.name, bar.share, bar.text, (bar.share ?? 0) > HIGH ? "warn" : "plain") };
}

class GpuRow implements Part<Gpu> {
  readonly element = make("tr", {});
  readonly #cells = Array.from({ length: 5 }, () => make("td", {}));

  constructor() {
    this.element.append(...this.#cells);
  }

  update(gpu: Gpu): void {
    const texts = [
      `${gpu.device} ${gpu.name}`,
      percent(gpu.utilization_ratio),
      `${bytes(gpu.memory_used_bytes)} of ${bytes(gpu.memory_total_bytes)}`,
      `${figure(gpu.power_watts)} of ${figure(gpu.power_limit_watts)} W`,
      `${figure(gpu.temperature_celsius)} °C`,
    ];
    attribute(this.element, "title", gpu.uuid);
    this.#cells.forEach((cell, index) => write(cell, texts[index] ?? ""));
  }
}

function machineLines(history: HostHistory): Chart {
  const lines = [
    { label: "processor", values: history.cpu_ratio, colour: colour(0) },
    { label: "memory", values: history.memory_ratio, colour: colour(1) },
    { label: "front end, of a core", values: history.front_end_cpu_ratio, colour: colour(2) },
  ];
  return { times: history.at, lines };
}

function gpuLines({ at, gpus }: HostHistory): Chart {
  const lines = Object.entries(gpus).flatMap(([device, values], index) => [
    { label: `${device} busy`, values: values.utilization_ratio, colour: colour(index * 2) },
    { label: `${device} memory`, values: values.memory_ratio, colour: colour(index * 2 + 1) },
  ]);
  return { times: at, lines };
}
