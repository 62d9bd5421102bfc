"""A device that makes passkeys and signs with them, in software (WebAuthn level 2, ES256)."""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData

ORIGIN = "http://localhost:8000"
USER_PRESENT, HAS_KEY = 0x01, 0x40


@dataclass
class Device:
    """Holds one key; `uses` is the counter that it tells."""

    origin: str = ORIGIN
    uses: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: token_bytes(16))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(bytes(16), self.credential_id, public)
        data = self._told(options["rp"]["id"], HAS_KEY) + bytes(credential)
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(client, attestationObject=cbor.encode(statement))

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.uses += 1
        data = self._told(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        return self._answer(client, authenticatorData=data, signature=signature)

    def _told(self, party: str, flags: int) -> bytes:
        head = struct.pack(">BI", USER_PRESENT | flags, self.uses)
        return hashlib.sha256(party.encode()).digest() + head

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(told).encode()

    def _answer(self, client: bytes, **parts: bytes) -> dict[str, Any]:
        response = {"clientDataJSON": client} | parts
        return {
            "id": websafe_encode(self.credential_id),
            "rawId": websafe_encode(self.credential_id),
            "type": "public-key",
            "response": {name: websafe_encode(part) for name, part in response.items()},
            "clientExtensionResults": {},
        }
