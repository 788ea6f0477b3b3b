"""Who has an address already, in words, for a start that fails for it: an address in, processes out. Called by `listener`."""

from servescope.config.address import Address


def holder_of(address: Address) -> str:
    """`process 123 (python …)`, "" where it cannot be known: another user's process, another namespace's."""
    import psutil  # only by a start that fails

    try:
        if address.scheme == "unix":
            found = {each.pid for each in psutil.net_connections("unix") if str(each.laddr) == address.path}
        else:
            listening = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
            found = {each.pid for each in listening if each.laddr and each.laddr.port == address.port}
    except (psutil.Error, OSError):
        return ""
    return ", ".join(f"process {pid} ({_command(pid)})" for pid in sorted(pid for pid in found if pid))


def _command(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return " ".join(process.cmdline())[:200] or process.name()
    except psutil.Error:
        return "which has ended since"
