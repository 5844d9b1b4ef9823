"""A small IRC server on a free port of this machine: enough for one bridge, and a member who speaks when told to."""

import asyncio

NAME = "irc.test"
MEMBER = "carol"
WELCOME = "Welcome to the tea house"


class IrcServer:
    """Everybody who joins a channel meets one member there, by the name of `MEMBER`."""

    def __init__(self):
        self.port = 0
        # What was said in channels: (nick, channel, text).
        self.said: list[tuple[str, str, str]] = []
        self.joined: set[tuple[str, str]] = set()
        self._clients: dict[str, asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for writer in self._clients.values():
            writer.close()

    def say(self, channel: str, text: str) -> None:
        """The member says something in a channel."""
        for writer in self._clients.values():
            writer.write(f":{MEMBER}!{MEMBER}@{NAME} PRIVMSG {channel} :{text}\r\n".encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nick, user = "*", None
        welcomed = False

        def send(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        while line := await reader.readline():
            words, _, trailing = line.decode(errors="replace").rstrip("\r\n").partition(" :")
            command, *arguments = words.split() or [""]
            arguments += [trailing] if trailing else []
            match command.upper(), arguments:
                case "CAP", ["LS", *_]:
                    send(f":{NAME} CAP {nick} LS :")
                case "CAP", ["REQ", *_]:
                    send(f":{NAME} CAP {nick} NAK :{arguments[-1]}")
                case "NICK", [nick, *_]:
                    self._clients[nick] = writer
                case "USER", [user, *_]:
                    pass
                case "PING", [token, *_]:
                    send(f":{NAME} PONG {NAME} :{token}")
                case "JOIN", [channels, *_]:
                    for channel in channels.split(","):
                        self.joined.add((nick, channel))
                        send(f":{nick}!{user}@{NAME} JOIN {channel}")
                        send(f":{NAME} 353 {nick} = {channel} :{nick} @{MEMBER}")
                        send(f":{NAME} 366 {nick} {channel} :End of names")
                case "MODE", [channel] if channel.startswith("#"):
                    send(f":{NAME} 324 {nick} {channel} +nt")
                case "WHO", [mask, *_]:
                    send(f":{NAME} 315 {nick} {mask} :End of who")
                case "PRIVMSG", [channel, text]:
                    self.said.append((nick, channel, text))
                case "QUIT", _:
                    break
            if not welcomed and user and nick != "*":
                welcomed = True
                send(f":{NAME} 001 {nick} :{WELCOME}")
                send(f":{NAME} 005 {nick} CHANTYPES=# PREFIX=(ov)@+ NETWORK=test :are supported")
                send(f":{NAME} 422 {nick} :No message of the day")
        writer.close()
