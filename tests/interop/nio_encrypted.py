"""A person whose matrix-nio client encrypts: their keys, and the comparing of emojis between two devices.

The verification that nio knows begins with m.key.verification.start, as it did before requests for one existed.
"""

from pathlib import Path

import nio
from nio_person import NioPerson, accepted


class EncryptedNioPerson(NioPerson):
    def __init__(self, base_url: str, log: Path, keys: Path):
        keys.mkdir(parents=True, exist_ok=True)
        super().__init__(base_url, log, keys)
        self._transaction: str | None = None
        self.client.add_to_device_callback(self._keep_verification, nio.KeyVerificationStart)

    async def register(self, username: str, password: str) -> str:
        user_id = await super().register(username, password)
        # Nor does the person keep the keys of the device that came with the account.
        self.client.olm = self.client.store = None
        return user_id

    async def tend_keys(self) -> None:
        if self.client.should_upload_keys:
            accepted(await self.client.keys_upload())
        if self.client.should_query_keys:
            accepted(await self.client.keys_query())
        if self.client.should_claim_keys:
            accepted(await self.client.keys_claim(self.client.get_users_for_key_claiming()))
        for answer in await self.client.send_to_device_messages():
            accepted(answer)

    async def devices(self, user: str) -> list[str]:
        return sorted(device.id for device in self.client.device_store.active_user_devices(user))

    async def trusts_device(self, user: str, device: str) -> bool:
        return self.client.device_store[user][device].verified

    async def ask_to_verify(self, user: str, device: str) -> None:
        accepted(await self.client.start_key_verification(self.client.device_store[user][device]))
        self._transaction = self.client.get_active_sas(user, device).transaction_id

    async def asked_to_verify(self) -> bool:
        return self._transaction is not None

    async def accept_verification(self) -> None:
        accepted(await self.client.accept_key_verification(self._transaction))

    async def emojis(self) -> list[tuple[str, str]] | None:
        sas = self.client.key_verifications[self._transaction]
        return sas.get_emoji() if sas.established_sas else None

    async def confirm_sas(self) -> None:
        accepted(await self.client.confirm_short_auth_string(self._transaction))

    async def _keep_verification(self, event: nio.KeyVerificationStart) -> None:
        self._transaction = event.transaction_id
