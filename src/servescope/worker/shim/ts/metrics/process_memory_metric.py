"""`ts.metrics.process_memory_metric`: how much memory processes hold. The server measures its workers itself."""

import logging

import psutil


def get_cpu_usage(pid):
    """The resident memory of a process in bytes; 0, with a line in the log, where it cannot be had."""
    try:
        return psutil.Process(int(pid)).memory_info().rss
    except (psutil.Error, ValueError):
        logging.exception("Failed get process for pid: %s", pid)
        return 0


def check_process_mem_usage(stdin) -> None:
    """Log `pid:bytes` for each process of a line of ids, separated by commas."""
    for pid in filter(None, stdin.readline().strip().split(",")):
        logging.info("%s:%d", pid, get_cpu_usage(pid))
