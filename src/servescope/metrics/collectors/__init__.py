"""What is measured by looking, not by being told: processor, memory, disk and GPUs of the host, memory of processes.

One file each: description, constructor, update, pure parser. `sampler` runs them on a thread and isolates their
failures.
"""
