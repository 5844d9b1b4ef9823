"""Two people and the rooms they meet in: what every step is given."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server import Server


@dataclass
class Meeting:
    """`host` makes the rooms and has the power in them; `guest` is invited, joins and is thrown out."""

    server: Server
    host: Any
    guest: Any
    logs: Path
    passwords: dict[str, str]
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    lounge: str = ""  # public, with an alias
    den: str = ""  # private, by invitation
    events: dict[str, str] = field(default_factory=dict)  # event ids by the name a step gave them
    said: list[str] = field(default_factory=list)  # the plain messages of the lounge in the order they were sent

    @property
    def both(self) -> tuple[Any, Any]:
        return self.host, self.guest

    @property
    def alias(self) -> str:
        return f"#{self.alias_localpart}:{self.host.user_id.split(':', 1)[1]}"

    @property
    def alias_localpart(self) -> str:
        return f"lounge-{self.tag}"

    @property
    def lounge_name(self) -> str:
        return f"Lounge {self.tag}"
