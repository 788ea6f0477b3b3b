"""Everything the server writes for people to read: access, server, model and metric lines, on disk and on the console.

`setup.open_logs` is called once by the runtime; `access.AccessLog` by `web` for each answer; `metric.MetricLog` by
`metrics` in the modes that log; `model.ModelLog` by `fleet` for each line of a worker's output. The file names and line
formats are TorchServe's.
"""
