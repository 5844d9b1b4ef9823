"""Runs the steps of a scenario, tells how each one went, and counts."""

import sys
import time
import traceback

from eventually import Skip


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    async def run(self, title: str, steps: list, meeting, go_on: bool = True) -> None:
        """Every step is one assertion or more; `go_on` says whether those after a failed one are tried."""
        for name, step in steps:
            started = time.monotonic()
            try:
                await step(meeting)
            except Skip as reason:
                self.skipped += 1
                self._say("skip", f"{title}: {name}", str(reason))
            except Exception:  # noqa: BLE001 -- a step may fail in any way, and is told of all the same
                self.failed += 1
                self._say("FAIL", f"{title}: {name}")
                traceback.print_exc(file=sys.stdout)
                if not go_on:
                    return
            else:
                self.passed += 1
                self._say("ok", f"{title}: {name}", f"{time.monotonic() - started:.2f} s")

    def check(self, name: str, wrong: list) -> None:
        if wrong:
            self.failed += 1
            self._say("FAIL", name, repr(wrong[:3]))
        else:
            self.passed += 1
            self._say("ok", name)

    def close(self) -> int:
        """The closing line, which `run` reads, and the exit status."""
        skipped = f" ({self.skipped} skipped)" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed else 0

    @staticmethod
    def _say(verdict: str, name: str, remark: str = "") -> None:
        print(f"{verdict:4}  {name}{f'  ({remark})' if remark else ''}", flush=True)
