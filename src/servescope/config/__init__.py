"""The configuration: config.properties, the environment, start options and model-config.yaml, as frozen dataclasses.

In: files' text, an environ mapping, the options of `servescope start`, the parameters of a registration.
Out: `Settings` (the server), `ModelConfig` (an archive's yaml), `ModelOptions` (what one model version runs with).
`load` is the only module that reads files. Called by cli and runtime (`load`), archive and serving (the rest).
"""
