"""Two servers that can reach each other, for `kith-bench federation`, which starts this and says what becomes of them.

    servers.py <directory> <kind> <kind>      kinds: kith, synapse

The first line on standard output is a list with the name, base URL, processes and data of each. Then each line of
standard input is `stop <index>` or `start <index>`, and is answered by the processes the server has then. When the
input ends, both are stopped. The set-up is that of ../interop/federation: TLS under a private authority, on loopback;
the interpreter has Synapse installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop" / "federation"))

import synapse
from authority import Authority
from homeserver import Homeserver, free_port
from kith import Kith

HOSTS = ("127.0.0.5", "127.0.0.6")

# The application service that makes the crowds; nothing is sent to it. YAML takes JSON for what it is.
APPSERVICE = {
    "id": "bench",
    "url": None,
    "as_token": "make-the-crowds",
    "hs_token": "nobody-listens",
    "sender_localpart": "bench-service",
    "rate_limited": False,
    "namespaces": {"users": [{"regex": "@bench-.*", "exclusive": False}], "aliases": [], "rooms": []},
}

KITH_CONFIG = """
[federation]
trusted_key_servers = []

[appservices]
directory = "{directory}"
"""


class MeasuredKith(Kith):
    def prepare(self) -> None:
        super().prepare()
        appservices = self.directory / "appservices"
        appservices.mkdir()
        (appservices / "bench.yaml").write_text(json.dumps(APPSERVICE))
        with (self.directory / "kith.toml").open("a") as config:
            config.write(KITH_CONFIG.format(directory=appservices))

    def pids(self) -> list[int]:
        return [self._process.pid] if self.is_running else []

    def close(self) -> None:
        self.stop()


class MeasuredSynapse(synapse.Synapse):
    """With a PostgreSQL where one is installed, and as patient with other servers as it is installed."""

    def __init__(self, host: str, authority: Authority, work: Path):
        super().__init__(host, authority, work)
        self._database_directory = self.directory / "postgres"
        self._database_port = free_port("127.0.0.1")
        self._database_pids: list[int] = []

    def prepare(self) -> None:
        pid = _database("start-postgres", self._database_directory, self._database_port)
        self._database_pids = [int(pid)] if pid else []
        (self.directory / "appservice.yaml").write_text(json.dumps(APPSERVICE))
        super().prepare()
        logging = synapse.LOGGING | {"root": synapse.LOGGING["root"] | {"level": "WARNING"}}
        (self.directory / "logging.json").write_text(json.dumps(logging))

    def _config(self) -> dict:
        config = super()._config()
        del config["federation"]
        # The version is asked for where clients ask.
        config["listeners"][0]["resources"][0]["names"] = ["client", "federation"]
        config["app_service_config_files"] = [str(self.directory / "appservice.yaml")]
        if self._database_pids:
            place = {"user": "synapse", "dbname": "synapse", "host": "127.0.0.1", "port": self._database_port}
            config["database"] = {"name": "psycopg2", "args": place | {"cp_min": 5, "cp_max": 10}}
        return config

    def pids(self) -> list[int]:
        return ([self._process.pid] if self.is_running else []) + self._database_pids

    def close(self) -> None:
        self.stop()
        _database("stop-postgres", self._database_directory)


def _database(*command) -> str:
    script = [str(HERE / "synapse"), *map(str, command)]
    return subprocess.run(script, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout.strip()


KINDS = {"kith": MeasuredKith, "synapse": MeasuredSynapse}


def main() -> None:
    work, *kinds = sys.argv[1:]
    # What the servers print while they are set up is not an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(answer) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    directory = Path(work)
    directory.mkdir(parents=True)
    authority = Authority(directory)
    servers: list[Homeserver] = []
    try:
        for kind, host in zip(kinds, HOSTS, strict=True):
            servers.append(KINDS[kind](host, authority, directory))
            servers[-1].prepare()
            servers[-1].start()
        say([_describe(server) for server in servers])
        for line in sys.stdin:
            verb, index = line.split()
            server = servers[int(index)]
            {"start": server.start, "stop": server.stop}[verb]()
            say(server.pids())
    finally:
        for server in servers:
            server.close()
    shutil.rmtree(directory)


def _describe(server) -> dict:
    return {
        "name": server.name,
        "base": server.base,
        "pids": server.pids(),
        "data": str(server.directory),
        "appservice_token": APPSERVICE["as_token"],
    }


if __name__ == "__main__":
    main()
