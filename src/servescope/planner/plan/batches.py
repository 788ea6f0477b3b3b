"""Which batch size: in, a plan at each; out, the best of them, with all beside. Pure; called by `cli.planning.live`."""

from collections.abc import Mapping
from dataclasses import replace

from servescope.planner.plan.plan import Batch, Plan


def best_of(plans: Mapping[int, Plan]) -> Plan:
    """`plans`: by batch size, one at least. The one with the most goodput a worker at the low end of its interval; of those alike
    the smallest, which waits for fewer requests. Where none keeps the objective it is the smallest's.
    """
    size = max(sorted(plans), key=lambda one: plans[one].goodput_per_worker_interval[0])
    tried = tuple(
        Batch(one, plan.goodput_per_worker, plan.goodput_per_worker_interval) for one, plan in sorted(plans.items())
    )
    best = plans[size]
    section = {"batchSize": size, **best.autoscale} if best.autoscale else {}
    return replace(best, batch_size=size, batches=tried, autoscale=section)
