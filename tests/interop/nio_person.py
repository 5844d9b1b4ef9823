"""A person with a matrix-nio client: what they can do. What they see is in nio_view.py."""

import asyncio
import json
import logging
import uuid
from pathlib import Path
from urllib.parse import quote

import nio
from nio_view import NioView
from refusal import Refused

TYPING_MS = 20_000
SYNC_TIMEOUT_MS = 20_000
RETRY_SECONDS = 0.5
PAGES_MAX = 100


class NioPerson(NioView):
    client_name = "nio"

    def __init__(self, base_url: str, log: Path, keys: Path | None = None):
        """`keys` is the directory where the client keeps its keys; without one it does not encrypt."""
        # Requests of a person fail at once when the server is away; only the sync loop below goes on trying.
        config = nio.AsyncClientConfig(max_timeouts=0, encryption_enabled=keys is not None)
        super().__init__(nio.AsyncClient(base_url, store_path=str(keys or ""), config=config))
        self.log = log
        self.user_id: str | None = None
        self.device_id: str | None = None
        self._syncing: asyncio.Task | None = None

    async def open(self) -> None:
        logger = logging.getLogger("nio")
        if not logger.handlers:
            logger.addHandler(logging.FileHandler(self.log))
            logger.propagate = False

    async def close(self) -> None:
        await self.stop()
        await self.client.close()

    async def register(self, username: str, password: str) -> str:
        answer = accepted(await self.client.register(username, password, device_name="nio"))
        # The account exists now; the person logs in as a step of its own.
        self.client.access_token = ""
        self.client.user_id = ""
        self.client.device_id = ""
        return answer.user_id

    async def login(self, user: str, password: str) -> str:
        self.client.user = user
        answer = accepted(await self.client.login(password, device_name="nio"))
        self.user_id, self.device_id = answer.user_id, answer.device_id
        return self.user_id

    async def start(self) -> None:
        self.take(accepted(await self.client.sync(timeout=0)))
        await self.tend_keys()
        self._syncing = asyncio.create_task(self._sync_on())

    async def tend_keys(self) -> None:
        """What has to be done about keys after each sync; nothing for a client that does not encrypt."""

    async def stop(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)
            self._syncing = None

    async def logout(self) -> None:
        await self.stop()
        token = self.client.access_token
        accepted(await self.client.logout())
        # Kept, so that the scenario can show that the server no longer takes it.
        self.client.access_token = token

    async def whoami(self) -> str:
        return accepted(await self.client.whoami()).user_id

    async def create_room(
        self, *, name: str, topic: str = "", alias: str | None = None, open: bool = False, encrypted: bool = False
    ) -> str:
        preset = nio.RoomPreset.public_chat if open else nio.RoomPreset.private_chat
        visibility = nio.RoomVisibility.public if open else nio.RoomVisibility.private
        answer = await self.client.room_create(
            visibility=visibility,
            preset=preset,
            alias=alias,
            name=name,
            topic=topic,
            initial_state=[nio.EnableEncryptionBuilder().as_dict()] if encrypted else [],
        )
        return accepted(answer).room_id

    async def invite(self, room: str, user: str) -> None:
        accepted(await self.client.room_invite(room, user))

    async def join(self, room_or_alias: str) -> str:
        return accepted(await self.client.join(room_or_alias)).room_id

    async def leave(self, room: str) -> None:
        accepted(await self.client.room_leave(room))

    async def kick(self, room: str, user: str, reason: str) -> None:
        accepted(await self.client.room_kick(room, user, reason))

    async def ban(self, room: str, user: str, reason: str) -> None:
        accepted(await self.client.room_ban(room, user, reason))

    async def unban(self, room: str, user: str) -> None:
        accepted(await self.client.room_unban(room, user))

    async def set_power(self, room: str, user: str, level: int) -> None:
        levels = accepted(await self.client.room_get_state_event(room, "m.room.power_levels")).content
        levels.setdefault("users", {})[user] = level
        accepted(await self.client.room_put_state(room, "m.room.power_levels", levels))

    async def send_text(self, room: str, body: str) -> str:
        return await self._send(room, "m.room.message", {"msgtype": "m.text", "body": body})

    async def reply(self, room: str, event: str, body: str) -> str:
        relation = {"m.relates_to": {"m.in_reply_to": {"event_id": event}}}
        return await self._send(room, "m.room.message", {"msgtype": "m.text", "body": body, **relation})

    async def edit(self, room: str, event: str, body: str) -> str:
        content = {
            "msgtype": "m.text",
            "body": f"* {body}",
            "m.new_content": {"msgtype": "m.text", "body": body},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        }
        return await self._send(room, "m.room.message", content)

    async def react(self, room: str, event: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self._send(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event: str, reason: str) -> str:
        return accepted(await self.client.room_redact(room, event, reason)).event_id

    async def set_typing(self, room: str, typing: bool) -> None:
        accepted(await self.client.room_typing(room, typing, TYPING_MS))

    async def read(self, room: str, event: str) -> None:
        accepted(await self.client.update_receipt_marker(room, event))

    async def set_display_name(self, name: str) -> None:
        accepted(await self.client.set_displayname(name))

    async def set_presence(self, presence: str, status_msg: str) -> None:
        accepted(await self.client.set_presence(presence, status_msg))

    async def set_account_data(self, kind: str, content: dict) -> None:
        await self._put(["user", self.user_id, "account_data", kind], content)

    async def set_tag(self, room: str, tag: str, order: float) -> None:
        await self._put(["user", self.user_id, "rooms", room, "tags", tag], {"order": order})

    async def search_directory(self, term: str) -> list[dict]:
        answer = accepted(await self.client.list_public_rooms(limit=20, filter_generic_search_term=term))
        return [
            {"room_id": room.room_id, "name": room.name, "num_joined_members": room.num_joined_members}
            for room in answer.public_rooms
        ]

    async def history(self, room: str, page_events: int) -> list[dict]:
        """Pages up to the beginning of the room and tells what was read on the way, oldest first."""
        newest_first: list[dict] = []
        token = ""
        for _ in range(PAGES_MAX):
            answer = accepted(await self.client.room_messages(room, start=token, limit=page_events))
            newest_first += [
                {"event_id": event.event_id, "type": event.source["type"], "body": event.source["content"].get("body")}
                for event in answer.chunk
            ]
            if not answer.end:
                break
            token = answer.end
        return newest_first[::-1]

    async def _send(self, room: str, kind: str, content: dict) -> str:
        # Like most clients, and unlike nio if not told so, it encrypts for devices too that nobody has verified.
        sent = self.client.room_send(room, kind, content, tx_id=str(uuid.uuid4()), ignore_unverified_devices=True)
        return accepted(await sent).event_id

    async def _put(self, path: list[str], content: dict) -> None:
        """For the two endpoints that nio has no call for; its session and its token all the same."""
        target = "/_matrix/client/v3/" + "/".join(quote(part, safe="") for part in path)
        headers = {"Authorization": f"Bearer {self.client.access_token}", "Content-Type": "application/json"}
        answer = await self.client.send("PUT", target, json.dumps(content), headers)
        if answer.status != 200:
            raise Refused(None, answer.status, await answer.text())

    async def _sync_on(self) -> None:
        while True:
            try:
                answer = await self.client.sync(timeout=SYNC_TIMEOUT_MS)
                self.take(accepted(answer))
                await self.tend_keys()
            except Exception as error:  # noqa: BLE001 -- whatever it was, a client's sync loop goes on
                logging.getLogger("nio").warning("sync: %r", error)
                await asyncio.sleep(RETRY_SECONDS)


def accepted(answer):
    if isinstance(answer, nio.ErrorResponse):
        status = answer.transport_response.status if answer.transport_response else None
        raise Refused(answer.status_code, status, answer.message)
    return answer
