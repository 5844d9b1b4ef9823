"""A homeserver that this run starts, stops and starts again over the same data."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
from pathlib import Path

from api import Refused, call
from authority import Authority
from person import Person

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


class Homeserver:
    kind = ""

    def __init__(self, host: str, authority: Authority, work: Path):
        self.host = host
        self.client_port, federation_port = free_port(host), free_port(host)
        self.federation_port = federation_port
        # A name with an address and a port needs no resolving.
        self.name = f"{host}:{federation_port}"
        self.base = f"http://{host}:{self.client_port}"
        self.authority = authority
        self.certificate, self.key = authority.issue(host)
        self.directory = work / f"{self.kind}-{host}"
        self.directory.mkdir()
        self.log = self.directory / "output.log"
        self._process: subprocess.Popen | None = None

    def prepare(self) -> None:
        """Writes the configuration."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it if it does not run."""
        if self.is_running:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.directory,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                call("GET", f"{self.base}/_matrix/client/versions")
                return
            except (urllib.error.URLError, OSError, Refused) as error:
                if self._process.poll() is not None:
                    raise RuntimeError(f"{self.kind} ended with {self._process.returncode}; see {self.log}") from error
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.kind} does not answer; see {self.log}") from error
            time.sleep(0.2)

    def stop(self) -> None:
        """Asks politely, and insists on an end."""
        if not self.is_running:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"{self.kind} did not stop within {STOP_SECONDS_MAX} s of SIGTERM") from None

    def register(self, localpart: str) -> Person:
        url = f"{self.base}/_matrix/client/v3/register"
        password = f"the password of {localpart}"
        body = {"username": localpart, "password": password}
        try:
            call("POST", url, body=body)
            raise AssertionError("registration asked for no proof")
        except Refused as refusal:
            assert refusal.status == 401, refusal
            session = refusal.answer["session"]
        body["auth"] = {"type": "m.login.dummy", "session": session}
        return Person(self, call("POST", url, body=body), password)


def environment() -> dict[str, str]:
    """This run's environment without what Kith would take for configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KITH_")} | {"NO_COLOR": "1"}


def free_port(host: str) -> int:
    """A port outside the range from which the system takes those of outgoing connections."""
    first = 11_000 + os.getpid() * 13 % 9_000
    for port in range(first, first + 10_000):
        if (host, port) in _taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        _taken.add((host, port))
        return port
    raise OSError("no free port")


_taken: set[tuple[str, int]] = set()
