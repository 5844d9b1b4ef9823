"""Four people who encrypt, two at matrix-js-sdk and two at matrix-nio: what every step of encryption.py is given."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from js_person import JsPerson
from nio_encrypted import EncryptedNioPerson
from server import Server


@dataclass
class Circle:
    server: Server
    logs: Path
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    alice: Any = None
    bob: Any = None
    carol: Any = None
    dave: Any = None
    people: list[Any] = field(default_factory=list)  # whoever has to be closed at the end
    passwords: dict[str, str] = field(default_factory=dict)
    recovery_key: str = ""  # Alice's
    den: str = ""  # where Alice and Bob are alone
    cellar: str = ""  # where Carol and Dave are alone
    hall: str = ""  # where all four are
    said: dict[str, str] = field(default_factory=dict)  # what was said in the den, by event id

    async def open(self) -> None:
        self.alice = await self.at_js("alice")
        self.bob = await self.at_js("bob")
        self.carol = await self.at_nio("carol")
        self.dave = await self.at_nio("dave")

    async def close(self) -> None:
        for person in self.people:
            await person.close()

    @property
    def at_js_sdk(self) -> list[Any]:
        return [self.alice, self.bob]

    @property
    def everybody(self) -> list[Any]:
        return [self.alice, self.bob, self.carol, self.dave]

    async def at_js(self, name: str) -> JsPerson:
        return await self._sit(name, JsPerson(self.server.base_url, self.logs / f"{name}.log", "encrypted"))

    async def at_nio(self, name: str) -> EncryptedNioPerson:
        person = EncryptedNioPerson(self.server.base_url, self.logs / "nio.log", self.logs / f"{name}-keys")
        return await self._sit(name, person)

    async def _sit(self, name: str, person: Any) -> Any:
        person.client_name = name
        self.people.append(person)
        await person.open()
        return person
