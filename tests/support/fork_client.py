"""The command line by way of `fork_server.py`, for shells: ``python -IS fork_client.py SOCKET ARGUMENTS``.

It hands on all its descriptors, and ends as the command does. Nothing slow is imported here.
"""

import json
import os
import signal
import socket
import sys


def ask(
    path: str,
    arguments: list[str],
    descriptors: dict[int, int],
    folder: str,
    environment: dict[str, str],
    session: bool,
) -> socket.socket:
    """Have a command started, whose descriptors are these by their numbers there; its connection."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    job = {
        "arguments": arguments,
        "descriptors": list(descriptors),
        "folder": folder,
        "environment": environment,
        "session": session,
    }
    socket.send_fds(connection, [json.dumps(job).encode() + b"\n"], list(descriptors.values()))
    return connection


def main() -> None:
    path, *arguments = sys.argv[1:]
    own = [int(name) for name in os.listdir("/proc/self/fd")]
    descriptors = {}
    for number in own:
        try:
            os.fstat(number)
        except OSError:  # The folder itself, which was closed since.
            continue
        descriptors[number] = number
    with ask(path, arguments, descriptors, os.getcwd(), dict(os.environ), False).makefile("rb") as answers:
        answers.readline()
        code = os.waitstatus_to_exitcode(int(answers.readline()))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
