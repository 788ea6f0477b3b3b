"""`ts.utils.timeit_decorator`: how long a function takes, printed at each call."""

import functools
import time


def timeit(func):
    """Print the seconds that passed, and those of processor time; TorchServe's fails since Python 3.8."""

    @functools.wraps(func)
    def time_and_log(*args, **kwargs):
        started, started_cpu = time.perf_counter(), time.process_time()
        result = func(*args, **kwargs)
        took, cpu = time.perf_counter() - started, time.process_time() - started_cpu
        print(f"func: {func.__name__!r} took a total of {took:2.4f} sec to run and {cpu:2.4f} sec of CPU time")
        return result

    return time_and_log
