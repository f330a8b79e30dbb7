"""Public buckets as their readers see them: curl and Python, at development URLs and custom domains, without a word of
S3. R2's page "Public buckets"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY
from harness.bodies import body
from harness.commands import isolated_environment, run
from harness.localhost import resolve_localhost_names
from harness.public_buckets import call, open_to_everybody, public_url
from harness.server import CairnServer


@pytest.fixture(autouse=True)
def localhost_names() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        resolve_localhost_names(patch)
        yield


def test_a_bucket_is_read_by_everybody_until_it_is_closed(s3: BaseClient, cairn: CairnServer, bucket: str) -> None:
    content = body("film", 3_000_000)
    s3.put_object(Bucket=bucket, Key="a/film ✓.mp4", Body=content, ContentType="video/mp4", CacheControl="max-age=5")
    url = open_to_everybody(cairn, bucket)
    answer = requests.get(f"{url}/a/film ✓.mp4", timeout=30)
    assert (answer.status_code, answer.content == content) == (200, True)
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("video/mp4", "max-age=5")
    again = requests.get(f"{url}/a/film ✓.mp4", headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
    part = requests.get(f"{url}/a/film ✓.mp4", headers={"Range": "bytes=1000000-1000099"}, timeout=30)
    assert (part.status_code, part.content) == (206, content[1_000_000:1_000_100])
    assert part.headers["Content-Range"] == "bytes 1000000-1000099/3000000"
    root = requests.get(url, timeout=30)
    assert (root.status_code, "Object not found" in root.text) == (404, True)
    for method in ("PUT", "POST", "DELETE"):
        refused = requests.request(method, f"{url}/new", data=b"x", timeout=30)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    call(cairn, "PUT", bucket, "domains/managed", {"enabled": False})
    closed = requests.get(f"{url}/a/film ✓.mp4", timeout=30)
    assert (closed.status_code, "This bucket cannot be viewed" in closed.text) == (401, True)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_curl_resumes_a_download(s3: BaseClient, cairn: CairnServer, bucket: str, curl: str, tmp_path: Path) -> None:
    content = body("large", 1_000_000)
    s3.put_object(Bucket=bucket, Key="large", Body=content)
    url = f"{open_to_everybody(cairn, bucket)}/large"
    (tmp_path / "large").write_bytes(content[:400_000])
    command = [curl, "--fail", "--silent", "--show-error", "--continue-at", "-", "--output", "large", url]
    run(command, isolated_environment(tmp_path), tmp_path)
    assert (tmp_path / "large").read_bytes() == content


def test_a_custom_domain_serves_the_bucket_and_only_its_owner_decides(
    s3: BaseClient, cairn: CairnServer, bucket: str, curl: str, tmp_path: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"<h1>Hello</h1>", ContentType="text/html")
    names = [f"{bucket}.assets.localhost", f"{bucket}.example.com"]
    for name in names:
        call(cairn, "POST", bucket, "domains/custom", {"domain": name, "zoneId": "0" * 32, "enabled": True})
    assert requests.get(f"{public_url(cairn, names[0])}/index.html", timeout=30).text == "<h1>Hello</h1>"
    address = cairn.endpoint.removeprefix("http://").split(":")
    connect = ["--connect-to", f"::{address[0]}:{address[1]}"]
    command = [curl, "--fail", "--silent", "--show-error", *connect, f"http://{names[1]}/index.html"]
    assert run(command, isolated_environment(tmp_path), tmp_path) == "<h1>Hello</h1>"
    call(cairn, "DELETE", bucket, f"domains/custom/{names[0]}")
    assert requests.get(f"{public_url(cairn, names[0])}/index.html", timeout=30).status_code in (400, 401)


def test_the_page_in_docs_runs_as_it_is_written(fresh_cairn: CairnServer, tmp_path: Path) -> None:
    page = (E2E_DIRECTORY.parent / "docs" / "public-buckets.md").read_text()
    blocks = [block.split("```", 1)[0] for block in page.split("```sh\n")[1:]]
    assert blocks, "the page has commands"
    script = "\n".join(blocks).replace("http://127.0.0.1:9200", fresh_cairn.endpoint)
    script = script.replace(":9200", f":{fresh_cairn.endpoint.rsplit(':', 1)[1]}")
    environment = isolated_environment(tmp_path) | {
        "CAIRN_API_TOKEN": fresh_cairn.api_token,
        "CAIRN_ACCOUNT_ID": fresh_cairn.account_id,
    }
    printed = run(["bash", "-euc", script], environment, tmp_path)
    assert printed.count("Hello") == 2
    assert "Error 401" in printed
