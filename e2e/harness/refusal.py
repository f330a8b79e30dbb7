"""Asserting that a request was refused, with the status and the error code the documents promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """The block must end in exactly this refusal. An answer to HEAD has no body, so there the code is the status."""
    with pytest.raises(ClientError) as caught:
        yield
    response = caught.value.response
    seen = (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"])
    assert seen == (status, code), response
    assert response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-request-id"), "a refusal without a request id"
