"""A person with a matrix-js-sdk client, or with another client that is made of JavaScript.

The client runs in a process of its own (js/agent.mjs). What is not a method here (every verb and every view that
NioPerson has too) is sent to it as it stands.
"""

import asyncio
import json
import os
from pathlib import Path

from refusal import Refused

AGENT = Path(__file__).parent / "js" / "agent.mjs"
ANSWER_BYTES_MAX = 16 * 1024 * 1024
ANSWER_SECONDS_MAX = 60


class JsPerson:
    client_name = "js-sdk"

    def __init__(self, base_url: str, log: Path, kind: str = "person"):
        """`kind` is the module under js/ that says what this client can do."""
        self.base_url = base_url
        self.log = log
        self.kind = kind
        self.user_id: str | None = None
        self.device_id: str | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task | None = None
        self._waiting: dict[int, asyncio.Future] = {}
        self._next_id = 0

    async def open(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                "node",
                str(AGENT),
                self.base_url,
                self.kind,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=ANSWER_BYTES_MAX,
                env={**os.environ, "NODE_NO_WARNINGS": "1"},
            )
        self._reader = asyncio.create_task(self._read_answers())

    async def close(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def login(self, user: str, password: str) -> str:
        answer = await self._ask("login", [user, password])
        self.user_id, self.device_id = answer["user_id"], answer["device_id"]
        return self.user_id

    async def create_room(
        self, *, name: str, topic: str = "", alias: str | None = None, open: bool = False, encrypted: bool = False
    ) -> str:
        wanted = {"name": name, "topic": topic, "alias": alias, "open": open, "encrypted": encrypted}
        return await self._ask("create_room", [wanted])

    def __getattr__(self, op: str):
        if op.startswith("_"):
            raise AttributeError(op)
        return lambda *args: self._ask(op, list(args))

    async def _ask(self, op: str, args: list):
        self._next_id += 1
        request_id = self._next_id
        answer = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        line = json.dumps({"id": request_id, "op": op, "args": args}) + "\n"
        self._process.stdin.write(line.encode())
        await self._process.stdin.drain()
        return await asyncio.wait_for(answer, ANSWER_SECONDS_MAX)

    async def _read_answers(self) -> None:
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            if waiting.cancelled():
                continue
            if error := answer.get("error"):
                waiting.set_exception(Refused(error["errcode"], error["status"], error["message"]))
            else:
                waiting.set_result(answer["result"])
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(f"the js-sdk client ended; see {self.log}"))
