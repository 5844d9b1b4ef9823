"""Kith as one of the two servers: as installed, but for trusting loopback and a private authority."""

import os

from homeserver import Homeserver

CONFIG = """\
server_name = "{self.name}"
data_dir = "{self.directory}/data"

[[listeners]]
address = "{self.host}:{self.client_port}"

[[listeners]]
address = "{self.name}"
tls_certificate = "{self.certificate}"
tls_private_key = "{self.key}"

[registration]
mode = "open"

[rate_limits]
enabled = false

[outgoing]
denied_addresses = []
extra_ca_certificates = ["{self.authority.path}"]
"""


class Kith(Homeserver):
    kind = "kith"

    def prepare(self) -> None:
        (self.directory / "kith.toml").write_text(CONFIG.format(self=self))

    def command(self) -> list[str]:
        return [os.environ["KITH_BIN"], "--config", str(self.directory / "kith.toml")]
