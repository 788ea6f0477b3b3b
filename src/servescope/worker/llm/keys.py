"""vLLM's own API key, which means nothing here: the server's tokens (key_file.json) say who may ask. Called by `engine`.

Its app would ask every request for that key, in the header that has the server's token: all of them would be refused.
"""

import sys
from argparse import Namespace
from collections.abc import MutableMapping

from servescope.errors import ConfigurationError

VARIABLE = "VLLM_API_KEY"
_OURS = "this server's own tokens, in key_file.json, say who may ask"


def forget_key(environ: MutableMapping[str, str]) -> None:
    """Take the key out of the environment before vLLM reads it, and say so: it may have been meant to guard something."""
    if environ.pop(VARIABLE, ""):
        text = f"{VARIABLE} is ignored: {_OURS}; with disable_token_authorization everybody may."
        print(text, file=sys.stderr, flush=True)


def refuse_key(args: Namespace) -> None:
    """Of vLLM's parsed command line, which may come from a file too.

    Raises:
        ConfigurationError: it asks for a key. The error does not show it.
    """
    if args.api_key:
        raise ConfigurationError(f"--api-key is no option of vLLM's engine: {_OURS}")
