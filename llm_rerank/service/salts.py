"""What keeps users apart in an engine's cache: nobody can tell from its speed what another one's history is.

Where nobody is named, what is asked stands in for who asks: it is found again when it comes again, and whoever sends
the same with a key of the same tenant can tell that somebody did before.
"""

import hmac
from collections.abc import Sequence
from secrets import token_bytes

from pydantic import SecretStr


class Salts:
    """One for each tenant and user; without the secret nobody can make them."""

    def __init__(self, secret: SecretStr | None) -> None:
        """None: another one at each start, after which engines elsewhere find nothing again of what they have."""
        self._secret = token_bytes(32) if secret is None else secret.get_secret_value().encode()

    def of(self, tenant: str, user_id: str | None, read: Sequence[str] = ()) -> str:
        """A user's; where nobody is named, that of what is read.

        The tenant's length keeps "a", "bc" and "ab", "c" apart, and no user's begins as those of nobody do.
        """
        who, whose = ("", user_id) if user_id is not None else ("nobody ", repr(list(read)))
        signed = f"{who}{len(tenant)} {tenant}{whose}"
        return hmac.new(self._secret, signed.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
