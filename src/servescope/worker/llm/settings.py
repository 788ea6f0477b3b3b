"""What model-config.yaml says of a language model. In: the loaded YAML and the model's directory; out: `LlmSettings`.

Called by `engine`. `model_path`, `vllm_engine_config`, `adapters` and `chat_template` under `handler` are TorchServe's
(ts.torch_handler.vllm_handler); `vllm_engine_args`, vLLM's own command line as a list of words, and `served_model_names`
are this server's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servescope.errors import ConfigurationError


@dataclass(frozen=True)
class LlmSettings:
    """`model` as vLLM is told it, `given` as the configuration says it; both "" where only `words` may name it.

    `options`: fields of vLLM's EngineArgs. `words`: vLLM's command line; it wins. `names`: further names that it answers to,
    instead of `given`. `adapters`: LoRA adapters, name → path. `chat_template`: a file or the template itself, None for the
    tokenizer's own. `devices`: how many the engine spans.
    """

    model: str
    given: str
    options: Mapping[str, Any]
    words: tuple[str, ...]
    names: tuple[str, ...]
    adapters: Mapping[str, str]
    chat_template: str | None
    devices: int


def read_settings(config: Mapping[str, Any], directory: Path) -> LlmSettings:
    """The settings of the model in `directory`.

    Raises:
        ConfigurationError: an option of another type than it must be, or a model's path that leads nowhere.
    """
    handler = _mapping("handler", config.get("handler"))
    options = dict(_mapping("handler.vllm_engine_config", handler.get("vllm_engine_config")))
    given = _text("handler.model_path", handler.get("model_path")) or ""
    model = _text("handler.vllm_engine_config.model", options.pop("model", None))
    if model:  # TorchServe, too, looks here first
        given = model
    template = _text("handler.chat_template", handler.get("chat_template"))
    adapters = _mapping("handler.adapters", handler.get("adapters"))
    return LlmSettings(
        model=_model(given, directory) if given else "",
        given=given,
        options=options,
        words=_words("handler.vllm_engine_args", handler.get("vllm_engine_args")),
        names=_words("handler.served_model_names", handler.get("served_model_names")),
        adapters={str(name): _beside(_adapter_path(name, value), directory) for name, value in adapters.items()},
        chat_template=_beside(template, directory) if template else None,
        devices=_count("parallelLevel", config.get("parallelLevel", 1)),
    )


def _beside(path: str, directory: Path) -> str:
    """A path within the model's directory where there is one; else as it is: absolute, a hub's name, or a text."""
    try:
        inside = directory / path
        return str(inside) if inside.exists() else path
    except (OSError, ValueError):  # a template's text, too long for a name or with what no name may hold
        return path


def _model(given: str, directory: Path) -> str:
    model = _beside(given, directory)
    # A hub's name has another form; asking the hub for a path gives an error that speaks of names.
    if given.startswith(("/", "./", "../", "~")) and not Path(model).exists():
        raise ConfigurationError(f"handler.model_path={given}: there is no such folder")
    return model


def _adapter_path(name: object, value: object) -> str:
    option = f"handler.adapters.{name}"
    path = _text(option, _mapping(option, value).get("path") if isinstance(value, dict) else value)
    if not path:
        raise ConfigurationError(f"{option} must be a path, or a mapping with one under 'path', not {value!r}")
    return path


def _mapping(option: str, value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{option} must be a mapping, not {value!r}")
    return value


def _text(option: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ConfigurationError(f"{option} must be text, not {value!r}")


def _words(option: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(word, (str, int, float)) for word in value):
        raise ConfigurationError(f"{option} must be a list of words, not {value!r}")
    return tuple(str(word) for word in value)


def _count(option: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"{option} must be a whole number from 1, not {value!r}")
    return value
