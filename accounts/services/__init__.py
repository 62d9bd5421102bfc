"""Changes to people and keys, a file a noun; the verbs of keys can be called from here."""

from accounts.services.keys import issue_key, revoke_key
from segs_site.lib.keys import digest

__all__ = ["digest", "issue_key", "revoke_key"]
