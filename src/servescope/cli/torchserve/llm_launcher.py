"""`python -m ts.llm_launcher`: its options in, `servescope llm` with the same meaning, in this process.

Options and defaults are TorchServe's (ts/llm_launcher.py), of the engine vLLM. Called by `ts.llm_launcher`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from servescope.cli.llm.command import llm
from servescope.cli.torchserve.script import run_script
from servescope.errors import ConfigurationError
from servescope.metrics.collectors.gpus.gpu import count_gpus

_VLLM = "vllm"
# What registers the model's answers time: TorchServe's launcher's, in seconds.
_RESPONSE_TIMEOUT_S = 1200


def main() -> None:
    """What `python -m ts.llm_launcher` runs."""
    run_script(lambda: launch(sys.argv[1:], os.environ, Path.cwd()), is_server=True)


def launch(
    words: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    serve: Callable[[Sequence[str], Mapping[str, str], Path], int] = llm,
    gpus: Callable[[], int] = count_gpus,
) -> int:
    """Serve the model until the server ends, on all of the machine's GPUs; the exit status.

    Raises:
        ConfigurationError: another engine than vLLM, or what `servescope llm` refuses.
    """
    parsed = parser().parse_args(words)
    if parsed.engine != _VLLM:
        raise ConfigurationError(f"--engine {parsed.engine!r}: only {_VLLM} is there")
    store = directory / parsed.model_store
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--model_store {parsed.model_store!r} cannot be made: {error.strerror}") from error
    return serve(llm_words(parsed, gpus()), environ, directory)


def llm_words(parsed: argparse.Namespace, gpus: int) -> list[str]:
    """What was parsed, as the words of `servescope llm`, for a machine with so many GPUs."""
    given = vars(parsed)
    words = [parsed.model_id, "--ncs", f"--model-name={parsed.model_name}", f"--model-store={parsed.model_store}"]
    words += [f"--startup-timeout={parsed.startup_timeout}", f"--response-timeout={_RESPONSE_TIMEOUT_S}"]
    if parsed.disable_token_auth:
        words.append("--disable-token-auth")
    for option, name in (("--max-num-seqs", "max_num_seqs"), ("--max-model-len", "max_model_len")):
        if (value := given[f"vllm_engine.{name}"]) is not None:
            words.append(f"{option}={value}")
    if gpus > 1:
        words.append(f"--tensor-parallel-size={gpus}")
    if folder := given["vllm_engine.download_dir"]:
        words.append(f"--download-dir={Path(folder).resolve()}")
    return words


def parser() -> argparse.ArgumentParser:
    """The launcher's options. Those of TensorRT-LLM are taken, so that `--engine` is what is refused."""
    options = argparse.ArgumentParser(prog="python -m ts.llm_launcher", description="Serve a language model with vLLM.")
    add = options.add_argument
    add("--model_name", default="model", help="name to register it by")
    add("--model_store", default="model_store", help="directory of model archives")
    add(
        "--model_id",
        default="meta-llama/Meta-Llama-3.1-8B-Instruct",
        help="a folder, or a name on the Hugging Face hub",
    )
    add("--disable_token_auth", action="store_true", help="answer without tokens")
    add("--vllm_engine.max_num_seqs", type=int, default=256, help="most sequences at a time")
    add("--vllm_engine.max_model_len", type=int, help="length of the context")
    add("--vllm_engine.download_dir", help="where to keep what is downloaded")
    add("--startup_timeout", type=int, default=1200, help="seconds to load the model in")
    add("--engine", default=_VLLM, help=f"{_VLLM}, the only one that is there")
    add("--dtype", default="bfloat16", help="accepted; TorchServe gives it to TensorRT-LLM alone")
    add("--trt_llm_engine.max_batch_size", type=int, default=4, help=argparse.SUPPRESS)
    add("--trt_llm_engine.kv_cache_free_gpu_memory_fraction", type=float, default=0.1, help=argparse.SUPPRESS)
    return options
