"""What is measured by looking, not by being told: the host, its cgroup and GPUs, the front end's process, the workers'.

One file each: description, constructor, update, pure parser. `sampler` runs them on a thread and isolates their
failures.
"""
