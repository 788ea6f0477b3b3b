"""What one model is configured with: model-config.yaml, the words of a registration, and both put together.

In: YAML, query parameters, JSON. Out: frozen dataclasses. Begin at `options`, which says what wins; `config` has the keys of
the file, `objectives` those of its `slo` section, `register` what the management API takes.
"""
