"""The server under test: one that runs already, or a Kith that is started on a free port with an empty data directory."""

import asyncio
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

SERVER_NAME = "localhost"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30

# As installed otherwise: the default rate limits must let two people do all this.
CONFIG = """\
server_name = "{server_name}"
data_dir = "{data_dir}"

[[listeners]]
address = "127.0.0.1:{port}"
"""


class Server:
    """A homeserver at `base_url`."""

    can_restart = False

    def __init__(self, base_url: str):
        self.base_url = base_url.rstrip("/")

    async def start(self) -> None:
        await self._answers(time.monotonic() + START_SECONDS_MAX)

    async def stop(self) -> None:
        """Whoever started a running server stops it."""

    async def _answers(self, deadline: float) -> None:
        while True:
            try:
                with urllib.request.urlopen(f"{self.base_url}/_matrix/client/versions", timeout=5):
                    return
            except (urllib.error.URLError, OSError) as error:
                self._check_alive()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no answer from {self.base_url}: {error}") from error
            await asyncio.sleep(0.1)

    def _check_alive(self) -> None:
        pass


class OwnServer(Server):
    """A Kith that this run starts, restarts and stops."""

    can_restart = True

    def __init__(self, binary: str, work: Path):
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.binary = binary
        self.work = work
        self.log = work / "server.log"
        self._process: subprocess.Popen | None = None
        data_dir = work / "data"
        data_dir.mkdir()
        (work / "config.toml").write_text(CONFIG.format(server_name=SERVER_NAME, data_dir=data_dir, port=self.port))

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, "--config", str(self.work / "config.toml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )
        await super().start()

    async def stop(self) -> None:
        """Asks politely, as an init system does, and insists on a clean end."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self._process.wait, STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server did not stop within {STOP_SECONDS_MAX} s of SIGTERM") from None
        assert code == 0, f"the server ended with status {code}; see {self.log}"

    def _check_alive(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the server ended with status {self._process.returncode}; see {self.log}")


def environment() -> dict[str, str]:
    """This run's environment without what Kith would take for configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KITH_")} | {"NO_COLOR": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
