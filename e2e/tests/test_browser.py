"""Pages in Chromium that upload to the server from another origin, and that use fonts and images of a public bucket:
what the rules allow works, and the browser refuses everything else. R2's pages "Configure CORS", "Presigned URLs" and
"Public buckets"."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY
from harness.browser import Browser, PageServer
from harness.pictures import PIXEL, picture
from harness.public_buckets import open_to_everybody
from harness.server import CairnServer

FILE = "<svg/>"
FILE_TYPE = "image/svg+xml"
REFUSED = {"error": "TypeError"}


@pytest.fixture(scope="module")
def pages() -> Iterator[PageServer]:
    """The origin of the page."""
    files = {
        "/": E2E_DIRECTORY / "js" / "upload.html",
        "/read": E2E_DIRECTORY / "js" / "read.html",
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


# Public buckets


@pytest.fixture
def site(s3: BaseClient, cairn: CairnServer, bucket: str) -> dict[str, str]:
    """What a site keeps in a public bucket: its URLs."""
    font = next((E2E_DIRECTORY / "node_modules" / "playwright-core").rglob("codicon*.ttf"))
    s3.put_object(Bucket=bucket, Key="font.ttf", Body=font.read_bytes(), ContentType="font/ttf")
    s3.put_object(Bucket=bucket, Key="picture.png", Body=picture(), ContentType="image/png")
    s3.put_object(Bucket=bucket, Key="text", Body=b"some text", ContentType="text/plain")
    public = open_to_everybody(cairn, bucket)
    return {name: f"{public}/{key}" for name, key in (("font", "font.ttf"), ("image", "picture.png"), ("text", "text"))}


def test_a_page_uses_fonts_and_images_of_a_public_bucket_under_a_rule(
    s3: BaseClient, bucket: str, site: dict[str, str], browser: Browser, pages: PageServer
) -> None:
    allow(s3, bucket, AllowedOrigins=[pages.origin], AllowedMethods=["GET"], AllowedHeaders=["range"])
    seen = browser.read(pages.origin, site)
    assert (seen["font"], seen["corsImage"]) == ("loaded", PIXEL)
    etag = s3.head_object(Bucket=bucket, Key="text")["ETag"]
    assert seen["text"] == {"status": 200, "text": "some text", "etag": etag}
    assert seen["ranged"] == {"status": 206, "text": "some", "etag": etag}
    # A refusal is an answer too, a page for people.
    assert (seen["missing"]["status"], "Object not found" in seen["missing"]["text"]) == (404, True)
    assert seen["put"] == REFUSED
    assert s3.get_object(Bucket=bucket, Key="text")["Body"].read() == b"some text"


def test_without_a_rule_a_page_shows_images_of_a_public_bucket_and_can_use_nothing_else(
    s3: BaseClient, bucket: str, site: dict[str, str], browser: Browser, pages: PageServer
) -> None:
    for _without_a_rule_and_with_one_for_others in range(2):
        seen = browser.read(pages.origin, site)
        assert seen["font"] == "NetworkError"
        assert (seen["corsImage"], seen["plainImage"]) == ("EncodingError", "shown only")
        assert [seen[name] for name in ("text", "ranged", "missing", "put")] == [REFUSED] * 4
        allow(s3, bucket, AllowedOrigins=["https://other.example.com"])
