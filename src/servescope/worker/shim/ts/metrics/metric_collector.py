"""`python -m ts.metrics.metric_collector --gpu N`: the host's metrics, and the memory of the processes named on standard input."""

import argparse
import logging
import sys

from ts.metrics import system_metrics
from ts.metrics.process_memory_metric import check_process_mem_usage


def collect(words=None) -> None:
    """Print them, a line each."""
    options = argparse.ArgumentParser()
    options.add_argument("--gpu", type=int, help="number of GPUs")
    arguments = options.parse_args(words)
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    system_metrics.collect_all(system_metrics, arguments.gpu)
    check_process_mem_usage(sys.stdin)


if __name__ == "__main__":
    collect()
