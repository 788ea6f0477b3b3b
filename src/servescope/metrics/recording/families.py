"""The families that the recorders of models write to, looked up once for all models. Made by `recorder.Recorder`."""

from servescope.metrics.registry import Registry


class ModelFamilies:
    """TorchServe's families of models, and this project's own. `hostname` is the value of every Hostname label."""

    def __init__(self, registry: Registry, hostname: str) -> None:
        self.hostname = hostname
        self.budget = registry.series_budget
        self.warn_once = registry.warn_once
        counter, gauge, histogram = registry.counter, registry.gauge, registry.histogram
        self.ts_requests = counter("ts_inference_requests_total")
        self.ts_latency = counter("ts_inference_latency_microseconds")
        self.ts_queue_latency = counter("ts_queue_latency_microseconds")
        self.queue_time = gauge("QueueTime")
        self.requests = counter("servescope_requests_total")
        self.durations = histogram("servescope_request_duration_seconds")
        self.stages = histogram("servescope_request_stage_seconds")
        self.request_bytes = histogram("servescope_request_bytes")
        self.response_bytes = histogram("servescope_response_bytes")
        self.in_flight = gauge("servescope_requests_in_flight")
        self.in_flight_oldest = gauge("servescope_in_flight_oldest_seconds")
        self.depth = gauge("servescope_queue_depth")
        self.capacity = gauge("servescope_queue_capacity")
        self.oldest = gauge("servescope_queue_oldest_seconds")
        self.rejected = counter("servescope_rejected_total")
        self.batch_sizes = histogram("servescope_batch_size")
        self.workers = gauge("servescope_workers")
        self.wanted = gauge("servescope_workers_wanted")
        self.fewest = gauge("servescope_workers_min")
        self.most = gauge("servescope_workers_max")
        self.restarts = counter("servescope_worker_restarts_total")
        self.load_seconds = histogram("servescope_worker_load_seconds")
        self.info = gauge("servescope_model_info")
        self.drops = registry.drops
        self.sequences = SequenceFamilies(registry)
        self.continuous = ContinuousFamilies(registry)
        self.llm = LlmFamilies(registry)
        self.autoscaler = AutoscalerFamilies(registry)


class SequenceFamilies:
    """Those of models that keep sequences."""

    def __init__(self, registry: Registry) -> None:
        self.open = registry.gauge("servescope_sequences_open")
        self.longest_idle = registry.gauge("servescope_sequences_idle_longest_seconds")
        self.idle = registry.histogram("servescope_sequence_idle_seconds")
        self.begun = registry.counter("servescope_sequences_begun_total")
        self.ended = registry.counter("servescope_sequences_ended_total")


class ContinuousFamilies:
    """Those of models whose workers keep running batches."""

    def __init__(self, registry: Registry) -> None:
        self.rows = registry.gauge("servescope_continuous_rows")
        self.step_rows = registry.histogram("servescope_continuous_step_rows")
        self.step_seconds = registry.histogram("servescope_continuous_step_seconds")
        self.request_steps = registry.histogram("servescope_continuous_request_steps")
        self.histograms = (self.step_rows, self.step_seconds, self.request_steps)


class LlmFamilies:
    """Those of language models."""

    def __init__(self, registry: Registry) -> None:
        self.budget = registry.series_budget
        counter, gauge, histogram = registry.counter, registry.gauge, registry.histogram
        self.first_token = histogram("servescope_llm_time_to_first_token_seconds")
        self.gaps = histogram("servescope_llm_inter_token_seconds")
        self.tokens = counter("servescope_llm_tokens_total")
        self.running = gauge("servescope_llm_requests_running")
        self.waiting = gauge("servescope_llm_requests_waiting")
        self.kv_cache = gauge("servescope_llm_kv_cache_usage_ratio")
        self.preemptions = counter("servescope_llm_preemptions_total")
        self.finished = counter("servescope_llm_finished_total")
        self.drops = registry.drops


class WorkflowFamilies:
    """Those of workflows' nodes."""

    def __init__(self, registry: Registry) -> None:
        self.seconds = registry.histogram("servescope_workflow_node_seconds")
        self.attempts = registry.counter("servescope_workflow_node_attempts_total")


class AutoscalerFamilies:
    """Those of the autoscaler."""

    def __init__(self, registry: Registry) -> None:
        self.desired = registry.gauge("servescope_autoscaler_desired_workers")
        self.applied = registry.gauge("servescope_autoscaler_applied_workers")
        self.signal = registry.gauge("servescope_autoscaler_signal")
        self.withheld = registry.gauge("servescope_autoscaler_withheld_workers")
        self.decisions = registry.counter("servescope_autoscaler_decisions_total")
        self.age = registry.gauge("servescope_autoscaler_input_age_seconds")
        self.mode = registry.gauge("servescope_autoscaler_mode")
