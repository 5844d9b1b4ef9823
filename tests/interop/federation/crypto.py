"""The keys of a device and of a user, made and signed as clients do."""

import base64

from nacl.public import PrivateKey
from nacl.signing import SigningKey
from signedjson.sign import sign_json

ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]


def unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


class _Signer(SigningKey):
    """A key with the name under which its signatures appear."""

    alg = "ed25519"
    version = ""

    @classmethod
    def named(cls, version: str) -> "_Signer":
        key = cls.generate()
        key.version = version
        return key

    @property
    def public(self) -> str:
        return unpadded(self.verify_key.encode())


class DeviceKeys:
    def __init__(self, user: str, device: str):
        self.user, self.device = user, device
        self._key = _Signer.named(device)
        self._identity = PrivateKey.generate()

    def identity(self) -> dict:
        return self._sign(
            {
                "user_id": self.user,
                "device_id": self.device,
                "algorithms": ALGORITHMS,
                "keys": {
                    f"curve25519:{self.device}": unpadded(bytes(self._identity.public_key)),
                    f"ed25519:{self.device}": self._key.public,
                },
            }
        )

    def one_time(self, count: int) -> dict:
        keys = {}
        for number in range(count):
            key = unpadded(bytes(PrivateKey.generate().public_key))
            keys[f"signed_curve25519:AAAA{number}"] = self._sign({"key": key})
        return keys

    def _sign(self, body: dict) -> dict:
        return sign_json(body, self.user, self._key)


class CrossSigningKeys:
    """A user's three keys, the first of which signs the others."""

    def __init__(self, user: str):
        self.user = user
        self._keys = {usage: _named_after_itself() for usage in ("master", "self_signing", "user_signing")}

    def upload(self) -> dict:
        return {f"{usage}_key": self._key(usage) for usage in self._keys}

    def public(self, usage: str) -> str:
        return self._keys[usage].public

    def _key(self, usage: str) -> dict:
        public = self.public(usage)
        body = {"user_id": self.user, "usage": [usage], "keys": {f"ed25519:{public}": public}}
        return body if usage == "master" else sign_json(body, self.user, self._keys["master"])

    def sign_device(self, identity: dict) -> dict:
        return sign_json(identity, self.user, self._keys["self_signing"])


def _named_after_itself() -> _Signer:
    key = _Signer.generate()
    key.version = key.public
    return key
