"""GPUs, by NVML: what each is at, and which processes have its memory. Begin at `gpu`."""
