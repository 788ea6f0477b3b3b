// The charts of a model's page: in, its history; out, what each of them draws. Called by the page.

import type { History, LanguageModelHistory } from "../../api/past.ts";
import { type Chart, type Line, colour } from "../../charts/series.ts";
import { type Look, TimeChart } from "../../charts/time_chart.ts";
import { figure, percent, rate, seconds } from "../../text/numbers.ts";
import { inOrder, stageColour, words } from "../../text/words.ts";

interface Kind {
  readonly look: Look;
  readonly lines: (history: History) => Line[];
}

const line = (label: string, values: Line["values"], number: number): Line => ({ label, values, colour: colour(number) });

const KINDS: readonly Kind[] = [
  {
    look: { title: "How long answers take", format: seconds, hint: "Percentiles of the requests that were answered without an error." },
    lines: ({ p50, p90, p99 }) => [line("p50", p50, 5), line("p90", p90, 0), line("p99", p99, 3)],
  },
  {
    look: { title: "Where the time goes", format: seconds, stack: true, hint: "The mean of requests that were taken, stage upon stage." },
    lines: ({ stages }) => inOrder(stages).filter(passed).map(([name, values]) => ({ label: words(name), values, colour: stageColour(name) })),
  },
  {
    look: { title: "Requests", format: rate },
    lines: ({ rate: all, error_rate, client_error_rate, refused_rate }) => [
      line("all", all, 0),
      line("errors (5xx)", error_rate, 1),
      line("clients' errors (4xx)", client_error_rate, 4),
      line("refused", refused_rate, 3),
    ],
  },
  {
    look: { title: "Requests under way", format: figure, hint: "Waiting, or with a worker: the most seen in each step." },
    lines: ({ queue, in_flight }) => [line("all", in_flight, 0), line("waiting", queue, 4)],
  },
  {
    look: { title: "The oldest that waits", format: seconds },
    lines: ({ oldest_s }) => [line("has waited", oldest_s, 4)],
  },
  {
    look: { title: "Workers there and wanted", format: figure },
    lines: ({ workers, wanted }) => [line("there", workers, 2), line("wanted", wanted, 1)],
  },
  {
    look: { title: "Batch size", format: figure, hint: "The mean of each step." },
    lines: ({ batch_size }) => [line("requests a batch", batch_size, 0)],
  },
];

interface LanguageKind {
  readonly look: Look;
  readonly lines: (history: LanguageModelHistory) => Line[];
}

const LANGUAGE_KINDS: readonly LanguageKind[] = [
  {
    look: { title: "Time to the first token", format: seconds },
    lines: ({ ttft_p50, ttft_p99 }) => [line("p50", ttft_p50, 5), line("p99", ttft_p99, 3)],
  },
  {
    look: { title: "Time between tokens", format: seconds },
    lines: ({ itl_p50, itl_p99 }) => [line("p50", itl_p50, 5), line("p99", itl_p99, 3)],
  },
  {
    look: { title: "Tokens generated", format: rate },
    lines: ({ tokens_per_s }) => [line("tokens", tokens_per_s, 0)],
  },
  {
    look: { title: "Sequences in the engine", format: figure },
    lines: ({ running, waiting }) => [line("running", running, 2), line("waiting", waiting, 4)],
  },
  {
    look: { title: "KV cache in use", format: percent },
    lines: ({ kv_cache_ratio }) => [line("used", kv_cache_ratio, 0)],
  },
];

/** All of a model's charts; a language model has more of them. */
export class ModelCharts {
  readonly #charts = KINDS.map((kind) => ({ kind, chart: new TimeChart(kind.look) }));
  readonly #language = LANGUAGE_KINDS.map((kind) => ({ kind, chart: new TimeChart(kind.look) }));

  get elements(): Element[] {
    return [...this.#language, ...this.#charts].map(({ chart }) => chart.element);
  }

  update(history: History): void {
    const times = history.at;
    for (const { kind, chart } of this.#charts) chart.update(over(times, kind.lines(history)));
    for (const { kind, chart } of this.#language) {
      chart.element.hidden = history.llm === null;
      if (history.llm) chart.update(over(times, kind.lines(history.llm)));
    }
  }

  recolour(): void {
    for (const { chart } of [...this.#charts, ...this.#language]) chart.recolour();
  }
}

/** Stages that no request ever passed need no line. */
function passed([, values]: readonly [string, Line["values"]]): boolean {
  return values.some((value) => (value ?? 0) > 0);
}

function over(times: readonly number[], lines: Line[]): Chart {
  return { times, lines };
}
