"""Programs that a scenario starts beside the server."""

import subprocess
from pathlib import Path

STOP_SECONDS_MAX = 20


class Program:
    """A program without input, whose output goes to a log; it can be started again once it has been stopped."""

    def __init__(self, log: Path):
        self.log = log
        self._process: subprocess.Popen | None = None

    def start(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def check_alive(self) -> None:
        assert self._process.poll() is None, f"it ended with status {self._process.returncode}; see {self.log}"

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
