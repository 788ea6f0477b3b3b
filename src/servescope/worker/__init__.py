"""What runs in a worker process, and only there: load a handler, give it batches, send its answers back.

In and out: messages of `wire`. `__main__` builds it: `parent` and `loop` are the process, `handler` is what was loaded. `sessions`
take batches, which `requests` turns into rows, and send what `replies` makes of the outputs. Beside them `measuring` is
`context.metrics`, `llm` runs vLLM, and `shim/ts` is what handlers import.
"""
