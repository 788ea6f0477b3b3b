"""The name of what is in the way of more requests: in, what one load used; out, a `Limit`. Pure; called by `plan`."""

from dataclasses import dataclass

from servescope.planner.limits.readings import Use

# From here on a share counts as all of it.
_FULL = 0.9
# Whoever shares it is the limit before those that use it: four busy workers on two busy cores gain nothing by a fifth.
_SHARED = ("KV cache", "GPU", "processor", "event loop")


@dataclass(frozen=True)
class Limit:
    """`name`: client, worker, queue, event loop, processor, memory, GPU or KV cache. `why`: the figures, in words."""

    name: str
    why: str
    figures: dict[str, float]


TOO_LONG = Limit("worker", "one request alone takes longer than the objective", {})


def find_limit(use: Use, *, client: bool = False) -> Limit:
    """Of the loads around the edge: what they used up, or else what they used most of."""
    figures = use.figures()
    if client:
        return Limit(
            "client", "this client could not send more, or not in time; run it on a machine of its own", figures
        )
    for name in _SHARED:
        if figures.get(name, 0.0) >= _FULL:
            return Limit(name, f"{name} {100 * figures[name]:.0f} % in use", figures)
    if figures.get("memory", 0.0) >= 0.97:
        return Limit("memory", f"memory {100 * figures['memory']:.0f} % in use", figures)
    busy = figures.get("worker", 0.0)
    if use.refused and busy < _FULL:
        return Limit("queue", f"{use.refused} requests refused, while workers were {100 * busy:.0f} % busy", figures)
    chosen = {name: share for name, share in figures.items() if name != "memory"}
    name = max(chosen, key=lambda one: (chosen[one], one == "worker"), default="worker")
    if not chosen:
        return Limit("worker", "the server told nothing of its use", figures)
    return Limit(name, f"{name} {100 * chosen[name]:.0f} % in use, more than anything else", figures)
