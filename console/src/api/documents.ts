// The server's documents, as JSON gives them: seconds, bytes, shares from 0 to 1, times as seconds since 1970, null for what
// is not known. The server may add keys. Fetched by `server`, streamed by the hub, read by the pages.

export type Value = number | null;
export type Values = readonly Value[];

export interface Percentiles {
  readonly p50: Value;
  readonly p90: Value;
  readonly p99: Value;
}

export interface Finding {
  readonly name: string;
  readonly severity: string;
  readonly model: string | null;
  readonly version: string | null;
  readonly summary: string;
  readonly description: string;
  readonly value: Value;
  readonly since: Value;
  readonly lasts_s: Value;
  readonly standing: string;
  /** The name of a worse finding of the same model, where there is one that this follows from. */
  readonly behind: string | null;
  readonly place: string;
  readonly runbook: string;
}

export interface Objective {
  readonly slo: string;
  readonly target: Value;
  readonly threshold_s: Value;
  readonly requests: Value;
  readonly good: Value;
  readonly good_ratio: Value;
  readonly budget_left: Value;
}

export interface LanguageModel {
  readonly ttft: Percentiles;
  readonly itl: Percentiles;
  readonly tokens_per_s: Readonly<Record<string, Value>>;
  readonly running: Value;
  readonly waiting: Value;
  readonly kv_cache_ratio: Value;
  readonly preemptions_total: Value;
  readonly finished: Readonly<Record<string, Value>>;
}

export interface CardLines {
  readonly at: readonly number[];
  readonly rate: Values;
  readonly error_rate: Values;
  readonly p99: Values;
  readonly queue: Values;
  readonly workers: Values;
}

export interface Card extends Percentiles {
  readonly name: string;
  readonly version: string;
  readonly default: boolean;
  readonly state: string;
  readonly language_model: boolean;
  readonly rate: Value;
  readonly error_rate: Value;
  readonly error_ratio: Value;
  readonly stages: Readonly<Record<string, Value>>;
  readonly queue: { readonly depth: Value; readonly capacity: Value; readonly oldest_s: Value };
  readonly in_flight: Value;
  readonly in_flight_oldest_s: Value;
  readonly workers: {
    readonly states: Readonly<Record<string, number>>;
    readonly wanted: Value;
    readonly min: Value;
    readonly max: Value;
  };
  readonly objectives: readonly Objective[];
  readonly counts: {
    readonly requests_total: Value;
    readonly by_code: Readonly<Record<string, number>>;
    readonly duration_count: Value;
    readonly duration_sum: Value;
  };
  readonly lines: CardLines;
  readonly llm: LanguageModel | null;
}

export interface Disk {
  readonly mount: string;
  readonly directories: string;
  readonly ratio: Value;
  readonly used_bytes: Value;
  readonly available_bytes: Value;
}

export interface Host {
  readonly cpu_ratio: Value;
  readonly memory_ratio: Value;
  readonly memory_used_bytes: Value;
  readonly memory_limit_bytes: Value;
  readonly in_container: boolean;
  readonly container_cpu_cores: Value;
  readonly throttled_ratio: Value;
  readonly disks: readonly Disk[];
  readonly front_end: { readonly cpu_ratio: Value; readonly memory_bytes: Value; readonly loop_lag_p99_s: Value };
}

export interface Gpu {
  readonly device: string;
  readonly uuid: string;
  readonly name: string;
  readonly utilization_ratio: Value;
  readonly memory_used_bytes: Value;
  readonly memory_total_bytes: Value;
  readonly power_watts: Value;
  readonly power_limit_watts: Value;
  readonly temperature_celsius: Value;
}

export interface Overview {
  readonly at: number;
  readonly step_s: number;
  readonly window_s: number;
  readonly server: {
    readonly version: string;
    readonly hostname: string;
    readonly pid: number;
    readonly uptime_s: Value;
    readonly metrics_mode: string;
    readonly draining: boolean;
  };
  readonly streams: { readonly open: number; readonly most: number };
  readonly host: Host;
  readonly gpus: readonly Gpu[];
  readonly models: readonly Card[];
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly { readonly name: string; readonly what: string; readonly why: string }[];
}

export interface Worker {
  readonly name: string;
  readonly state: string;
  readonly pid: Value;
  readonly started: Value;
  readonly memory_bytes: Value;
  readonly cpu_ratio: Value;
  readonly busy_ratio: Value;
  readonly batch_s: Value;
  readonly in_hand: Value;
  readonly device: string | null;
  readonly gpu_memory_bytes: Value;
  readonly node: string | null;
  readonly host: string | null;
}

export interface Tally {
  readonly reason: string;
  readonly total: Value;
  readonly recent: Value;
}

export interface Decision {
  readonly at: string;
  readonly direction: string;
  readonly from: Value;
  readonly to: Value;
  readonly words: string;
}

export interface Autoscaler {
  readonly mode: string;
  readonly desired: Value;
  readonly applied: Value;
  readonly signals: Readonly<Record<string, Value>>;
  readonly decisions: readonly Decision[];
}

export interface Model extends Card {
  readonly at: number;
  readonly versions: readonly { readonly version: string; readonly default: boolean }[];
  readonly info: Readonly<Record<string, string | number | null>>;
  readonly batch_sizes: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
  readonly refusals: readonly Tally[];
  readonly restarts: readonly Tally[];
  readonly last_trouble: string | null;
  readonly worker_list: readonly Worker[];
  readonly autoscaler: Autoscaler | null;
  readonly findings: readonly Finding[];
}

export interface Failure {
  readonly at: number;
  readonly code: number;
  readonly type: string | null;
  /** Its kind in a word, also where it has no name: who hung up, whose deadline passed. */
  readonly what: string;
  readonly message: string | null;
  readonly request_id: string | null;
  readonly worker: string | null;
  readonly route: string | null;
  readonly duration_s: Value;
  readonly traceback: string | null;
}

export interface Failures {
  readonly withheld: string;
  readonly failures: readonly Failure[];
}

export interface Slow {
  readonly at: Value;
  readonly duration_s: Value;
  readonly id_kind: string | null;
  readonly id: string | null;
  readonly worker: string | null;
  readonly batch_size: Value;
  readonly stages: Readonly<Record<string, Value>>;
}

export interface Slowest {
  readonly withheld: string;
  readonly slowest: readonly Slow[];
}

export interface Session {
  readonly tokens: boolean;
  readonly allowed: boolean;
  readonly signed_in: boolean;
  readonly why: string;
  readonly model_api?: boolean;
}
