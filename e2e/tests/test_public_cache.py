"""The cache before custom domains, as readers and the owner see it: browsers' requests by `requests`, purges by the
`cloudflare` SDK. R2's page "Consistency model", Caching."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import body
from harness.cloudflare_sdk import client, refusal
from harness.localhost import resolve_localhost_names
from harness.public_buckets import call, public_url
from harness.server import CairnServer

ZONE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def localhost_names() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        resolve_localhost_names(patch)
        yield


@pytest.fixture
def url(cairn: CairnServer, bucket: str) -> str:
    """Where the bucket is at a custom domain."""
    name = f"{bucket}.assets.localhost"
    call(cairn, "POST", bucket, "domains/custom", {"domain": name, "zoneId": ZONE, "enabled": True})
    return public_url(cairn, name)


def seen(url: str) -> tuple[str, bytes]:
    answer = requests.get(url, timeout=30)
    return answer.headers["cf-cache-status"], answer.content


def test_an_object_is_shown_from_the_cache_until_it_is_purged(
    s3: BaseClient, cairn: CairnServer, bucket: str, url: str
) -> None:
    large = body("film", 3_000_000)
    s3.put_object(Bucket=bucket, Key="film.mp4", Body=large)
    s3.put_object(Bucket=bucket, Key="logo ✓.png", Body=b"old")
    assert seen(f"{url}/film.mp4") == ("MISS", large)
    assert seen(f"{url}/logo ✓.png") == ("MISS", b"old")
    s3.delete_object(Bucket=bucket, Key="film.mp4")
    s3.put_object(Bucket=bucket, Key="logo ✓.png", Body=b"new")
    assert seen(f"{url}/film.mp4") == ("HIT", large)
    part = requests.get(f"{url}/film.mp4", headers={"Range": "bytes=2000000-2000099"}, timeout=30)
    assert (part.status_code, part.headers["cf-cache-status"]) == (206, "HIT")
    assert part.content == large[2_000_000:2_000_100]
    assert seen(f"{url}/logo ✓.png") == ("HIT", b"old")

    sdk = client(cairn)
    purged = sdk.cache.purge(zone_id=ZONE, files=[requests.Request("GET", f"{url}/logo ✓.png").prepare().url])
    assert purged is not None and purged.id == ZONE
    assert seen(f"{url}/logo ✓.png") == ("MISS", b"new")
    sdk.cache.purge(zone_id=ZONE, purge_everything=True)
    gone = requests.get(f"{url}/film.mp4", timeout=30)
    assert (gone.status_code, gone.headers["cf-cache-status"]) == (404, "MISS")
    other = {"zone_id": ZONE, "hosts": ["others.example.com"]}
    assert refusal(lambda: sdk.cache.purge(**other)) == [400, 10040]


def test_objects_say_for_themselves_whether_they_are_cached(s3: BaseClient, bucket: str, url: str) -> None:
    s3.put_object(Bucket=bucket, Key="a.js", Body=b"a", CacheControl="private")
    s3.put_object(Bucket=bucket, Key="a.html", Body=b"a")
    for _ in range(2):
        assert seen(f"{url}/a.js") == ("BYPASS", b"a")
        assert seen(f"{url}/a.html") == ("DYNAMIC", b"a")
