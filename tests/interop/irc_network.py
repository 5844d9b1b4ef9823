"""An IRC network of one server, ngircd, and a member who sits there, listens and speaks when told to."""

import asyncio
import time
from pathlib import Path

from program import Program
from server import free_port

MEMBER = "carol"
WELCOME = "Welcome to the tea house"
START_SECONDS_MAX = 20

# It asks no resolver and no ident server about those who connect, all of whom come from this machine.
CONFIG = """\
[Global]
Name = irc.test
Info = An IRC server for a bridge
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = {welcome}

[Limits]
MaxConnectionsIP = 0

[Options]
DNS = no
Ident = no
PAM = no
"""


class IrcServer(Program):
    def __init__(self, work: Path):
        super().__init__(work / "ngircd.log")
        self.port = free_port()
        self._config = work / "ngircd.conf"
        self._config.write_text(CONFIG.format(port=self.port, welcome=WELCOME))

    async def serve(self) -> None:
        self.start(["ngircd", "--nodaemon", "--config", str(self._config)])
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.check_alive()
                assert time.monotonic() < deadline, f"ngircd does not listen; see {self.log}"
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


class IrcMember:
    """Somebody by the name of `MEMBER` who has joined one channel."""

    def __init__(self, channel: str):
        self.channel = channel
        # What others said in the channel: (nick, text).
        self.said: list[tuple[str, str]] = []
        self.present: set[str] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task | None = None
        self._joined = asyncio.Event()

    async def join(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._send(f"NICK {MEMBER}")
        self._send(f"USER {MEMBER} 0 * :{MEMBER}")
        self._reading = asyncio.create_task(self._read(reader))
        await asyncio.wait_for(self._joined.wait(), START_SECONDS_MAX)

    async def leave(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._writer.close()

    def say(self, text: str) -> None:
        self._send(f"PRIVMSG {self.channel} :{text}")

    def _send(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            source, command, arguments = parse(line.decode(errors="replace").rstrip("\r\n"))
            nick = source.partition("!")[0]
            match command, arguments:
                case "PING", [token, *_]:
                    self._send(f"PONG :{token}")
                case "001", _:
                    self._send(f"JOIN {self.channel}")
                case "JOIN", [self.channel] if nick == MEMBER:
                    self._joined.set()
                case "JOIN", [self.channel]:
                    self.present.add(nick)
                case ("PART" | "QUIT"), _:
                    self.present.discard(nick)
                case "PRIVMSG", [self.channel, text]:
                    self.said.append((nick, text))


def parse(line: str) -> tuple[str, str, list[str]]:
    """The source, the command and its arguments, the last of which may hold spaces."""
    source = ""
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    words, colon, trailing = line.partition(" :")
    command, *arguments = words.split()
    return source, command, [*arguments, trailing] if colon else arguments
