"""TorchServe's keys that are accepted and do nothing here, with the reason that the warning gives.

Read by `load` and `reference`.
"""

_NETTY = "it tunes TorchServe's Netty, and this server has none"
_JAVA = "there is no Java here"
_INTEL = "workers are started without IPEX's launcher"
_SNAPSHOT = "TorchServe wrote it into its snapshots for itself"

INEFFECTIVE: dict[str, str] = {
    "async_logging": "logging never blocks a request here",
    "cpp_log_config": "there is no C++ backend here",
    "cpu_launcher_args": _INTEL,
    "cpu_launcher_enable": _INTEL,
    "initial_distribution_port": "torchrun finds a free port by itself, or uses that of its rdzv-endpoint",
    "io_ratio": _NETTY,
    "ipex_enable": _INTEL,
    "ipex_gpu_enable": _INTEL,
    "model_server_home": "the package knows where it is installed",
    "netty_client_threads": _NETTY,
    "number_of_netty_threads": _NETTY,
    "plugins_path": "Java plug-ins cannot be loaded",
    "prefer_direct_buffer": _NETTY,
    "python": _SNAPSHOT,
    "system_metrics_cmd": "system metrics are read in the server's own process",
    "tsConfigFile": _SNAPSHOT,
    "use_native_io": _NETTY,
    "version": _SNAPSHOT,
    "vmargs": _JAVA,
}
