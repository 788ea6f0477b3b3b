"""The tests' end of `observer`: in, what the stand-in says; out, the series that a sampler shows of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Observer:
    """A process that samples the GPUs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.answer: dict[str, Any] = {}

    def sample(self, *workers: tuple[str, str, str, int]) -> dict[str, dict[tuple[str, ...], float]]:
        """Take one sample with these workers running: the values by family and labels."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(workers) + "\n")
        self._process.stdin.flush()
        self.answer = json.loads(self._process.stdout.readline())
        series: dict[str, list[Any]] = self.answer["series"]
        return {name: {tuple(labels): value for labels, value in pairs} for name, pairs in series.items()}


@contextmanager
def observing(environment: Mapping[str, str]) -> Iterator[Observer]:
    """An observer with these variables, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("observer.py"))],
        env=os.environ | dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Observer(process)
    finally:
        process.kill()
        process.communicate()
