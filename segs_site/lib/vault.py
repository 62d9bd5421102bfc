"""Secrets that must be read again, encrypted by a key of SECRET_KEY, one for each purpose.

A new SECRET_KEY leaves them readable as long as the old one stands in SECRET_KEY_FALLBACKS.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def of(purpose: str) -> MultiFernet:
    """Return what seals and opens the secrets of one purpose."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(purpose.encode() + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
