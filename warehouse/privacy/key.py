"""The key of the hashes by which erased people are recognised: FUNIL_ERASURE_KEY, else a file made at the first erasure.

Phones are few enough to be tried one by one, so a plain hash of one would tell it to whoever reads the database. Without
the key the hashes tell nothing; but who loses the key no longer recognises whom they erased.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from funil.errors import FunilError
from funil.settings import Settings, load_settings

FILE = "erasure.key"
SHORTEST = 16


@dataclass(frozen=True)
class ErasureKey:
    """A secret; `id` names it without telling it."""

    secret: bytes

    @property
    def id(self) -> str:
        return self.digest("", "the key itself")[:16]

    def digest(self, tenant_id: str, identity: str) -> str:
        """The keyed hash of something that identifies a person of this tenant."""
        return hmac.new(self.secret, f"{tenant_id}\0{identity}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()

    def __repr__(self) -> str:
        return f"ErasureKey({self.id})"


def erasure_key(*, make: bool = False) -> ErasureKey | None:
    """The key of this installation; None if it has none yet and `make` does not ask for one. Raises FunilError."""
    settings = load_settings()
    if settings.erasure_key is not None:
        secret = settings.erasure_key.get_secret_value()
        if len(secret) < SHORTEST:
            raise FunilError(f"FUNIL_ERASURE_KEY is too short. Give it {SHORTEST} characters or more, made by chance.")
        return ErasureKey(hashlib.sha256(secret.encode()).digest())
    path = _path(settings)
    if not path.exists():
        if not make:
            return None
        _make(path)
    try:
        return ErasureKey(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError):
        raise FunilError(
            f"{path} cannot be read as a key. Restore it from a backup: erased people depend on it."
        ) from None


def _path(settings: Settings) -> Path:
    return settings.home / FILE


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(scratch, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        scratch.unlink()
