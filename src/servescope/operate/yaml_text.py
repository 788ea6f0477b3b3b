"""YAML as files of this package have it: in, plain values; out, text. Several lines stand as they are, nothing is folded.

Used by `rule_files` and `kubernetes.files`.
"""

from typing import Any

import yaml
from yaml.representer import BaseRepresenter


def yaml_text(content: Any) -> str:
    """The text; keys in the order of `content`."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)


def _text(dumper: BaseRepresenter, text: Any) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


class _Dumper(yaml.SafeDumper):
    """What is there twice is written twice."""

    yaml_representers = {**yaml.SafeDumper.yaml_representers, str: _text}  # noqa: RUF012 (the base class' own name)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """See the base class."""
        return True
