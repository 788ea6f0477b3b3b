"""`ts.model_service_worker`: a worker as TorchServe's own front end launches it, and speaks to.

In: a socket to listen on, a metrics.yaml; then commands to load a model and to predict. Out: replies, and metrics as lines. So a
handler can be tried, or tested, from the other end of TorchServe's protocol. This project's own workers are `servescope.worker`.
"""

import logging
import os
import platform
import socket
import sys

from ts.arg_parser import ArgParser
from ts.async_service import AsyncService
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
from ts.model_loader import ModelLoaderFactory
from ts.protocol.otf_message_handler import create_load_model_response, retrieve_msg

__all__ = ["TorchModelServiceWorker"]

SOCKET_ACCEPT_TIMEOUT = 30.0  # seconds
DEBUG = False
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", "0"))


class TorchModelServiceWorker:
    """Listens on a Unix socket, `s_type="unix"`, or on an address and port, `s_type="tcp"`, for one front end.

    Each rank of torchrun's listens beside the others: on the port, or the number at the end of `s_name`, that is so much higher.

    Raises:
        ValueError: it is not said where to listen.
        RuntimeError: the socket's path is taken, and cannot be removed.
    """

    def __init__(
        self,
        s_type: str | None = None,
        s_name: str | None = None,
        host_addr: str | None = None,
        port_num: int | str | None = None,
        metrics_config: str | None = None,
        async_comm: bool | None = False,
    ) -> None:
        if s_type not in ("unix", "tcp"):
            raise ValueError(f"Incomplete data provided: the socket's type is {s_type!r}, and must be unix or tcp")
        self.sock_type = s_type
        if s_type == "unix":
            self.sock_name, self.port = _unix_name(s_name), -1
            _make_room(self.sock_name)
            logging.info("Listening on port: %s", self.sock_name)
        else:
            self.sock_name, self.port = host_addr or "127.0.0.1", _port(port_num)
            logging.info("Listening on addr:port: %s:%d", self.sock_name, self.port)
        self.sock = socket.socket(socket.AF_UNIX if s_type == "unix" else socket.AF_INET, socket.SOCK_STREAM)
        self.metrics_cache = None
        if metrics_config is not None:
            self.metrics_cache = MetricsCacheYamlImpl(config_file_path=metrics_config)
            self.metrics_cache.initialize_cache()
        self.async_comm = async_comm

    def load_model(self, load_model_request):
        """A service for the model, None where it does not load; what the front end is told; and the status.

        Raises:
            Exception: whatever the handler raises that is not about memory, nor a RuntimeError; the worker ends with it.
        """
        given = load_model_request
        name = given["modelName"].decode("utf-8")
        batch_size = int(given["batchSize"]) if "batchSize" in given else None
        logging.info("model_name: %s, batchSize: %s", name, batch_size)
        if self.metrics_cache is not None:
            self.metrics_cache.model_name = name
        try:
            service = ModelLoaderFactory.get_model_loader().load(
                name,
                given["modelPath"].decode("utf-8"),
                given["handler"].decode("utf-8") or None,
                int(given["gpu"]) if "gpu" in given else None,
                batch_size,
                given.get("envelope", b"").decode("utf-8") or None,
                bool(given.get("limitMaxImagePixels", True)),
                self.metrics_cache,
            )
        except (MemoryError, RuntimeError) as error:
            logging.exception("Failed to load model %s", name)
            full = isinstance(error, MemoryError) or "CUDA" in str(error)
            return (None, "System out of memory", 507) if full else (None, "Unknown exception", 500)
        return service, f"loaded model {name}", 200

    def handle_connection(self, cl_socket) -> None:
        """Answer one command after another.

        Raises:
            SystemExit: the front end has hung up.
            RuntimeError: the model does not load, or none is loaded yet.
            ValueError: an unknown command.
        """
        service = None
        while True:
            command, message = retrieve_msg(cl_socket)
            if command == b"L":
                service = self._loaded(cl_socket, message)
            elif command != b"I":
                raise ValueError(f"Received unknown command: {command!r}")
            elif service is None:
                raise RuntimeError(f"Received command: {command!r}, but service is not loaded")
            elif (reply := service.predict(message)) is not None:
                cl_socket.sendall(reply)

    def handle_connection_async(self, cl_socket) -> None:
        """Answer as a handler that is a coroutine is ready. Raises: as `handle_connection`."""
        command, message = retrieve_msg(cl_socket)
        if command != b"L":
            raise ValueError(f"Unexpected command (only LOAD is expected first): {command!r}")
        if error := AsyncService(self._loaded(cl_socket, message)).run():
            raise RuntimeError(f"Error in AsyncService:\n {error}")
        raise SystemExit(0)

    def run_server(self) -> None:
        """Wait for the front end, and answer it until it hangs up. Raises: OSError; else as `handle_connection`."""
        if not DEBUG:
            self.sock.settimeout(SOCKET_ACCEPT_TIMEOUT)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(self.sock_name if self.sock_type == "unix" else (self.sock_name, self.port))
        self.sock.listen(1)
        # The front end waits for these lines.
        logging.info("[PID]%d", os.getpid())
        logging.info("Torch worker started.")
        logging.info("Python runtime: %s", platform.python_version())
        while True:
            cl_socket, _ = self.sock.accept()
            cl_socket.setblocking(True)
            logging.info("Connection accepted: %s.", cl_socket.getsockname())
            (self.handle_connection_async if self.async_comm else self.handle_connection)(cl_socket)

    def _loaded(self, cl_socket, message):
        service, text, code = self.load_model(message)
        cl_socket.sendall(create_load_model_response(code, text))
        if code != 200:
            raise RuntimeError(f"{code} - {text}")
        service.set_cl_socket(cl_socket)
        return service


def _unix_name(name: str | None) -> str:
    if not name:
        raise ValueError("Wrong arguments passed. No socket name given.")
    head, dot, number = name.rpartition(".")
    return f"{head}{dot}{int(number) + LOCAL_RANK}" if number.isdecimal() else name


def _port(number: int | str | None) -> int:
    if number is None:
        raise ValueError("Wrong arguments passed. No socket port given.")
    return int(number) + LOCAL_RANK


def _make_room(path: str) -> None:
    """A worker that was killed leaves its socket behind."""
    try:
        os.remove(path)
    except OSError as error:
        if os.path.exists(path):
            raise RuntimeError(f"socket already in use: {path}.") from error


def main() -> None:
    """What `python -m ts.model_service_worker` runs; it ends with 0 where the front end has hung up, else with 1."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    args = ArgParser.model_service_worker_args().parse_args()
    worker = None
    try:
        worker = TorchModelServiceWorker(
            args.sock_type, args.sock_name, args.host, args.port, args.metrics_config, args.async_comm
        )
        worker.run_server()
    except TimeoutError:
        logging.error("Backend worker did not receive connection in: %d", SOCKET_ACCEPT_TIMEOUT)
    except Exception:
        logging.error("Backend worker process died.", exc_info=True)
    finally:
        if worker is not None and worker.sock_type == "unix" and os.path.exists(worker.sock_name):
            os.remove(worker.sock_name)
    sys.exit(1)


if __name__ == "__main__":
    # TorchServe's front end runs this file by its path, which puts the package's own folder first.
    own = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [one for one in sys.path if os.path.realpath(one) != own]
    main()
