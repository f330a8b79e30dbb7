"""A page in Chromium that uploads to the server from another origin: what the rules allow works, and the browser
refuses everything else. R2's pages "Configure CORS" and "Presigned URLs"."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY
from harness.browser import Browser, PageServer
from harness.commands import Node, isolated_environment
from harness.server import CairnServer

FILE = "<svg/>"
FILE_TYPE = "image/svg+xml"
REFUSED = {"error": "TypeError"}


@pytest.fixture(scope="module")
def browser(cairn: CairnServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, unpacked once and removed again: it has 200 MB."""
    directory = tmp_path_factory.mktemp("chromium")
    environment = isolated_environment(directory) | {"TMPDIR": str(directory)}
    yield Browser(Node(E2E_DIRECTORY / "js", environment, cairn))
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def pages() -> Iterator[PageServer]:
    """The origin of the page."""
    files = {
        "/": E2E_DIRECTORY / "js" / "upload.html",
        "/aws4fetch.mjs": E2E_DIRECTORY / "node_modules" / "aws4fetch" / "dist" / "aws4fetch.esm.mjs",
    }
    server = PageServer(files).start()
    yield server
    server.stop()


def urls(s3: BaseClient, cairn: CairnServer, bucket: str) -> dict[str, str]:
    """What the page works with: two presigned URLs in path style, and one in virtual-hosted style it signs itself."""
    params = {"Bucket": bucket, "Key": "presigned"}
    return {
        "put": s3.generate_presigned_url("put_object", Params=params | {"ContentType": FILE_TYPE}),
        "get": s3.generate_presigned_url("get_object", Params=params),
        # Browsers know by themselves where names under `localhost` are.
        "own": f"http://{bucket}.localhost:{urlsplit(cairn.endpoint).port}/signed-by-the-page",
    }


def allow(s3: BaseClient, bucket: str, **changes: list[str]) -> None:
    """A rule that lets any page do everything the page here does, but for `changes`."""
    rule = {
        "AllowedOrigins": ["*"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule | changes]})


def test_a_page_uploads_and_reads_under_a_rule_for_its_origin(
    s3: BaseClient, cairn: CairnServer, bucket: str, browser: Browser, pages: PageServer
) -> None:
    headers = ["content-type", "Authorization", "X-Amz-*"]
    allow(s3, bucket, AllowedOrigins=["https://example.com", pages.origin], AllowedHeaders=headers)
    seen = browser.upload(pages.origin, FILE, FILE_TYPE, urls(s3, cairn, bucket))
    for key, put, get in (("presigned", "put", "get"), ("signed-by-the-page", "ownPut", "ownGet")):
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert stored["Body"].read().decode() == FILE
        # The rule exposes the ETag; that there is a request id the page cannot know.
        assert seen[put] == {"status": 200, "etag": stored["ETag"], "requestId": None, "text": ""}
        assert seen[get] == {"status": 200, "etag": stored["ETag"], "requestId": None, "text": FILE}
    assert s3.head_object(Bucket=bucket, Key="presigned")["ContentType"] == FILE_TYPE
    # A refusal is an answer too: the page can read why.
    assert seen["missing"]["status"] == 404
    assert "<Code>NoSuchKey</Code>" in seen["missing"]["text"]


def test_a_rule_with_wildcards_is_enough(
    s3: BaseClient, cairn: CairnServer, bucket: str, browser: Browser, pages: PageServer
) -> None:
    allow(s3, bucket, ExposeHeaders=[])
    seen = browser.upload(pages.origin, FILE, FILE_TYPE, urls(s3, cairn, bucket))
    assert [answer["status"] for answer in seen.values()] == [200, 200, 404, 200, 200]
    assert {answer["etag"] for answer in seen.values()} == {None}


def test_without_a_rule_the_browser_sends_no_upload_and_shows_no_object(
    s3: BaseClient, cairn: CairnServer, bucket: str, browser: Browser, pages: PageServer
) -> None:
    s3.put_object(Bucket=bucket, Key="presigned", Body=b"before")
    seen = browser.upload(pages.origin, FILE, FILE_TYPE, urls(s3, cairn, bucket))
    assert seen == dict.fromkeys(("put", "get", "missing", "ownPut", "ownGet"), REFUSED)
    assert s3.get_object(Bucket=bucket, Key="presigned")["Body"].read() == b"before"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_rule_allows_what_it_names_and_nothing_else(
    s3: BaseClient, cairn: CairnServer, bucket: str, browser: Browser, pages: PageServer
) -> None:
    allow(s3, bucket, AllowedMethods=["GET"], AllowedHeaders=["content-type"])
    s3.put_object(Bucket=bucket, Key="presigned", Body=b"before")
    seen = browser.upload(pages.origin, FILE, FILE_TYPE, urls(s3, cairn, bucket))
    assert seen["get"]["text"] == "before"
    # PUT is no method of the rule; reading with a header of its own, the page asks for one the rule has not.
    assert [seen[name] for name in ("put", "missing", "ownPut", "ownGet")] == [REFUSED] * 4
    allow(s3, bucket, AllowedOrigins=[pages.origin.replace("http:", "https:")])
    seen = browser.upload(pages.origin, FILE, FILE_TYPE, urls(s3, cairn, bucket))
    assert list(seen.values()) == [REFUSED] * 5
