"""A loaded worker's life: in, batches off the channel; out, replies. Begin at `session`; `concurrent` is the asynchronous one."""
