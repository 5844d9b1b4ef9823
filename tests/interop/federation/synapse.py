"""Synapse as one of the two servers: its own defaults, but for limits, loopback and how soon it tries again.

The interpreter that runs this file has Synapse installed."""

import json
import subprocess
import sys

from homeserver import Homeserver, environment

LOGGING = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "INFO", "handlers": ["console"]},
    "disable_existing_loggers": False,
}

FREE = {"per_second": 1_000_000, "burst_count": 1_000_000}

LIMITS = {
    "rc_message": FREE,
    "rc_registration": FREE,
    "rc_login": {"address": FREE, "account": FREE, "failed_attempts": FREE},
    "rc_joins": {"local": FREE, "remote": FREE},
    "rc_joins_per_room": FREE,
    "rc_invites": {"per_room": FREE, "per_user": FREE, "per_issuer": FREE},
    "rc_room_creation": FREE,
    "rc_presence": {"per_user": FREE},
    "rc_profile": FREE,
    "rc_media_create": FREE,
    "rc_federation": {"window_size": 1000, "sleep_limit": 100_000, "reject_limit": 100_000, "concurrent": 100},
}


class Synapse(Homeserver):
    kind = "synapse"

    def prepare(self) -> None:
        (self.directory / "logging.json").write_text(json.dumps(LOGGING))
        # YAML takes JSON for what it is.
        (self.directory / "homeserver.yaml").write_text(json.dumps(self._config(), indent=1))
        subprocess.run([*self.command(), "--generate-keys"], cwd=self.directory, env=environment(), check=True)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "synapse.app.homeserver", "-c", str(self.directory / "homeserver.yaml")]

    def _config(self) -> dict:
        place = {"bind_addresses": [self.host], "type": "http"}
        plain = {"port": self.client_port, "tls": False, "resources": [{"names": ["client"]}]}
        federation = {"port": self.federation_port, "tls": True, "resources": [{"names": ["federation", "client"]}]}
        return {
            "server_name": self.name,
            "public_baseurl": self.base,
            "listeners": [place | plain, place | federation],
            "database": {"name": "sqlite3", "args": {"database": str(self.directory / "homeserver.db")}},
            "signing_key_path": str(self.directory / "signing.key"),
            "media_store_path": str(self.directory / "media"),
            "log_config": str(self.directory / "logging.json"),
            "tls_certificate_path": str(self.certificate),
            "tls_private_key_path": str(self.key),
            "federation_custom_ca_list": [str(self.authority.path)],
            "ip_range_blacklist": [],
            "federation_ip_range_blacklist": [],
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "report_stats": False,
            "macaroon_secret_key": "a secret of this run",
            "form_secret": "another secret of this run",
            "enable_registration": True,
            "enable_registration_without_verification": True,
            "bcrypt_rounds": 4,
            "room_list_publication_rules": [{"action": "allow"}],
            "allow_public_rooms_over_federation": True,
            "federation": {
                "client_timeout": "15s",
                "max_short_retries": 1,
                "destination_min_retry_interval": "1s",
                "destination_max_retry_interval": "3s",
            },
            **LIMITS,
        }
