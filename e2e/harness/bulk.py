"""Many small objects at little cost to the test: signed by botocore, sent over a few kept connections."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from harness.signed_requests import Signer, connect, send

CONNECTIONS = 8


def put_many(signer: Signer, endpoint: str, bucket: str, objects: dict[str, bytes]) -> None:
    """Puts every object; each must be answered with 200."""
    items = list(objects.items())

    def put_share(share: int) -> None:
        connection = connect(endpoint)
        for key, content in items[share::CONNECTIONS]:
            url = f"{endpoint}/{bucket}/{quote(key)}"
            signed = signer.headers("PUT", url, {"x-amz-content-sha256": hashlib.sha256(content).hexdigest()})
            answer = send(connection, "PUT", url, signed, content)
            assert answer.status == 200, (key, answer)
        connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(put_share, range(CONNECTIONS)))
