"""What is measured in a worker's own process: in, calls of handlers; out, updates with replies, and exposures on request.

Begin at `custom_metrics`, which is `context.metrics`. `exposure` reads what the handler registered with prometheus_client, and
`probe` sends it.
"""
