"""Points that another program has measured: in, its result files; out, edges. Pure. Begin at `points`.

`run` is what is known of one file; `aiperf` and `vllm_bench` read theirs.
"""
