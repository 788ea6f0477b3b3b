"""What a model's queue is like, and which of the jobs in it make the next batch. Pure; used by `serving.queue.dispatcher`."""

from collections import deque

from msgspec import Struct

from servescope.serving.queue.job import Job


class QueueOptions(Struct, frozen=True):
    """`capacity`: requests that may wait for a worker. Delays in milliseconds; `client_timeout_ms` 0: clients wait for ever."""

    capacity: int
    batch_size: int
    max_batch_delay_ms: int
    client_timeout_ms: int


def take_batch(queue: deque[Job], size: int, frame_limit: int) -> list[Job]:
    """Take the jobs of the next batch off the queue: as many as fill it, or as have bodies that fit one frame together."""
    jobs = [queue.popleft()]
    if size == 1 or jobs[0].alone or (room := frame_limit - weight(jobs[0])) < 0:
        return jobs
    for _ in range(min(size - 1, len(queue))):
        job = queue[0]
        if job.alone or (job.attachments and (room := room - weight(job)) < 0):
            break
        jobs.append(queue.popleft())
    return jobs


def weight(job: Job) -> int:
    """Bytes of the bodies that travel beside its message."""
    return sum(map(len, job.attachments)) if job.attachments else 0
