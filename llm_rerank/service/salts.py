"""What keeps users apart in an engine's cache: nobody can tell from its speed what another one's history is."""

import hmac
from secrets import token_bytes

from pydantic import SecretStr


class Salts:
    """One for each tenant and user; without the secret nobody can make them."""

    def __init__(self, secret: SecretStr | None) -> None:
        """None: another one at each start, after which engines elsewhere find nothing again of what they have."""
        self._secret = token_bytes(32) if secret is None else secret.get_secret_value().encode()

    def of(self, tenant: str, user_id: str) -> str:
        """The salt; the tenant's length keeps "a", "bc" and "ab", "c" apart."""
        whose = f"{len(tenant)} {tenant}{user_id}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, whose, "sha256").hexdigest()
