// The server's documents on what was: arrays of one length, a value a step, null where the server was not there or nothing was
// measured. Fetched by `server`, drawn by the charts.

import type { Values } from "./documents.ts";

export type Range = "hour" | "day";

export interface LanguageModelHistory {
  readonly ttft_p50: Values;
  readonly ttft_p99: Values;
  readonly itl_p50: Values;
  readonly itl_p99: Values;
  readonly tokens_per_s: Values;
  readonly running: Values;
  readonly waiting: Values;
  readonly kv_cache_ratio: Values;
}

export interface History extends Readonly<Record<"rate" | "error_rate" | "client_error_rate" | "p50" | "p90" | "p99" | "mean", Values>> {
  readonly range: Range;
  readonly step_s: number;
  readonly at: readonly number[];
  readonly queue: Values;
  readonly oldest_s: Values;
  readonly in_flight: Values;
  readonly workers: Values;
  readonly wanted: Values;
  readonly refused_rate: Values;
  readonly stages: Readonly<Record<string, Values>>;
  readonly batch_size: Values;
  readonly llm: LanguageModelHistory | null;
}

export interface Heatmap {
  readonly step_s: number;
  readonly at: readonly number[];
  readonly bounds: readonly number[];
  readonly counts: readonly (readonly number[] | null)[];
  readonly most: number;
}

export interface HostHistory {
  readonly step_s: number;
  readonly at: readonly number[];
  readonly cpu_ratio: Values;
  readonly memory_ratio: Values;
  readonly loop_lag_p99_s: Values;
  readonly front_end_cpu_ratio: Values;
  readonly front_end_memory_bytes: Values;
  readonly rate: Values;
  readonly gpus: Readonly<Record<string, { readonly utilization_ratio: Values; readonly memory_ratio: Values }>>;
}
