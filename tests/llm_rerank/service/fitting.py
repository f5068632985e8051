"""A check for schemathesis (SCHEMATHESIS_HOOKS): a request that fits the document is not refused as one that does not.

Its own, positive_data_acceptance, wants such a request accepted. No schema tells a service's limits, nor that a key is
known for something else: that is refused too, and under another code. Nor does one tell where the calendar ends in UTC.
"""

from typing import Any

import schemathesis


@schemathesis.check
def what_fits_is_not_invalid(_: Any, response: Any, case: Any) -> None:
    """The code `invalid` is for what the document forbids."""
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 422:
        error = response.json()["error"]
        assert error["code"] != "invalid" or "in UTC this is" in error["message"], response.text
