"""The cryptography of web push: message encryption (RFC 8291 over RFC 8188) and VAPID (RFC 8292). Pure.

The published libraries bring an HTTP client of their own; here only bytes are made, and the guarded client sends.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
#: Order of P-256 (SEC 2 §2.4.2), for keys derived from a text.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: One record: push services take 4,096 bytes, of which header and tag use 103.
MAX_PLAINTEXT = 3_900


def encode(data: bytes) -> str:
    """Base64 for URLs, without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of `encode`; `ValueError` for anything else."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point, 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def encrypt(
    plaintext: bytes,
    p256dh: str,
    auth: str,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body for the push service, coded `aes128gcm`; `ValueError` for keys that are none.

    `sender` and `salt` are made anew for each message; only the vector of the RFC sets them.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        raise ValueError(f"a push message holds {MAX_PLAINTEXT} bytes")
    receiver_point, secret = decode(p256dh), decode(auth)
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver_point)
    sender = sender or ec.generate_private_key(CURVE)
    salt = salt or os.urandom(16)
    sender_point = point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), receiver)
    material = _hkdf(secret, shared, b"WebPush: info\x00" + receiver_point + sender_point, 32)
    key = _hkdf(salt, material, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, material, b"Content-Encoding: nonce\x00", 12)
    # 0x02 closes the last record (RFC 8188 §2).
    sealed = AESGCM(key).encrypt(nonce, plaintext + b"\x02", None)
    return salt + (4096).to_bytes(4) + bytes([len(sender_point)]) + sender_point + sealed


@dataclass(frozen=True)
class Vapid:
    """The key with which this installation names itself to push services."""

    private: ec.EllipticCurvePrivateKey
    #: `mailto:` or https address of the operator.
    subject: str

    @classmethod
    def from_text(cls, private: str, subject: str) -> Vapid:
        """From the 32 bytes in base64url that VAPID_PRIVATE_KEY holds; `ValueError` when it is none."""
        number = int.from_bytes(decode(private))
        return cls(ec.derive_private_key(number, CURVE), subject)

    @classmethod
    def derived(cls, secret: str, subject: str) -> Vapid:
        """The key that belongs to a secret of this installation: the same after every start."""
        seed = _hkdf(b"", secret.encode(), b"portal web push key", 48)
        return cls(ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, CURVE), subject)

    @property
    def public(self) -> str:
        """What browsers subscribe with (`applicationServerKey`)."""
        return encode(point(self.private.public_key()))

    @property
    def private_text(self) -> str:
        """The private key as VAPID_PRIVATE_KEY takes it."""
        return encode(self.private.private_numbers().private_value.to_bytes(32))

    def authorization(self, origin: str, expires: int) -> str:
        """The Authorization header for a push service of this origin, until `expires` (Unix seconds, at most a day)."""
        claims = {"aud": origin, "exp": expires, "sub": self.subject}
        parts = [
            encode(json.dumps(part, separators=(",", ":")).encode())
            for part in ({"typ": "JWT", "alg": "ES256"}, claims)
        ]
        signed = ".".join(parts)
        r, s = utils.decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"vapid t={signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}, k={self.public}"
