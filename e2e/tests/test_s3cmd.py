"""s3cmd: files and folders up, compared, moved, described and down again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body, file_sha256, write_file
from harness.commands import CommandFailed, S3cmd

FILES = {
    "readme.txt": b"read me",
    "empty": b"",
    "img/a b+c.png": body("png", 30_000),
    "img/ünïcödé ✓.png": body("unicode", 3_000),
    "100%/[x]{y}~z&a=b;d'e.txt": b"odd",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with `FILES`."""
    root = tmp_path / "tree"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def listed(printed: str) -> list[str]:
    """The names `ls` prints, without dates and sizes."""
    return [line[line.index("s3://") :] for line in printed.splitlines()]


def test_buckets_are_made_listed_and_removed(s3cmd: S3cmd, bucket_name: str, tmp_path: Path) -> None:
    # s3cmd lists the first page only, and other tests leave buckets: this one comes before them.
    bucket_name = f"0-{bucket_name}"
    assert f"'s3://{bucket_name}/' created" in s3cmd("mb", f"s3://{bucket_name}")
    assert f"s3://{bucket_name}" in listed(s3cmd("ls"))
    # What it asks of a bucket includes much that no bucket of R2's has.
    told = s3cmd("info", f"s3://{bucket_name}")
    assert re.search(r"Location: +auto\n", told)
    (tmp_path / "empty").touch()
    s3cmd("put", tmp_path / "empty", f"s3://{bucket_name}/k")
    with pytest.raises(CommandFailed, match="BucketNotEmpty"):
        s3cmd("rb", f"s3://{bucket_name}")
    s3cmd("rb", "--recursive", "--force", f"s3://{bucket_name}")
    with pytest.raises(CommandFailed, match="NoSuchBucket"):
        s3cmd("ls", f"s3://{bucket_name}")


def test_sync_makes_both_sides_the_same(s3cmd: S3cmd, s3: BaseClient, bucket: str, tree: Path, tmp_path: Path) -> None:
    remote = f"s3://{bucket}/synced/"
    s3cmd("sync", f"{tree}/", remote)
    assert sorted(listed(s3cmd("ls", "--recursive", remote))) == sorted(remote + name for name in FILES)
    # It knows a file by the MD5 that ETags are: nothing has changed, nothing is sent.
    assert "upload:" not in s3cmd("sync", f"{tree}/", remote)

    (tree / "readme.txt").write_bytes(b"other bytes")
    (tree / "empty").unlink()
    (tree / "added").write_bytes(b"added")
    s3cmd("sync", "--delete-removed", f"{tree}/", remote)
    assert s3.get_object(Bucket=bucket, Key="synced/readme.txt")["Body"].read() == b"other bytes"

    (tmp_path / "down").mkdir()
    s3cmd("sync", remote, f"{tmp_path / 'down'}/")
    assert contents(tmp_path / "down") == contents(tree)


def test_folders_are_listed_and_measured(s3cmd: S3cmd, bucket: str, tree: Path) -> None:
    s3cmd("put", "--recursive", f"{tree}/", f"s3://{bucket}/")
    names = [f"s3://{bucket}/{name}" for name in ("100%/", "img/", "empty", "readme.txt")]
    assert listed(s3cmd("ls", f"s3://{bucket}/")) == names
    size = sum(map(len, FILES.values()))
    assert re.match(rf"\s*{size}\s+{len(FILES)} objects", s3cmd("du", f"s3://{bucket}/"))


def test_a_large_file_goes_up_in_parts(s3cmd: S3cmd, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    sha256 = write_file(tmp_path / "large", 3, 12 * MIB + 7)
    s3cmd("put", "--multipart-chunk-size-mb=5", tmp_path / "large", f"s3://{bucket}/large")
    assert s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"')
    s3cmd("get", f"s3://{bucket}/large", tmp_path / "back")
    assert file_sha256(tmp_path / "back") == sha256

    # A download that was broken off goes on where it stopped.
    whole = (tmp_path / "back").read_bytes()
    (tmp_path / "back").write_bytes(whole[: 5 * MIB])
    s3cmd("get", "--continue", f"s3://{bucket}/large", tmp_path / "back")
    assert file_sha256(tmp_path / "back") == sha256

    # The parts of a copy are copied by ranges of the source.
    s3cmd("cp", "--multipart-chunk-size-mb=5", f"s3://{bucket}/large", f"s3://{bucket}/copy")
    s3cmd("get", f"s3://{bucket}/copy", tmp_path / "copy")
    assert file_sha256(tmp_path / "copy") == sha256


def test_uploads_in_parts_are_listed_and_aborted(s3cmd: S3cmd, s3: BaseClient, bucket: str) -> None:
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="begun")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="begun", UploadId=upload_id, PartNumber=1, Body=b"part")
    assert upload_id in s3cmd("multipart", f"s3://{bucket}")
    assert re.search(rf"\s1\s+\"{'[0-9a-f]' * 32}\"\s+4\s", s3cmd("listmp", f"s3://{bucket}/begun", upload_id))
    s3cmd("abortmp", f"s3://{bucket}/begun", upload_id)
    assert upload_id not in s3cmd("multipart", f"s3://{bucket}")


def test_objects_are_described_copied_moved_and_deleted(
    s3cmd: S3cmd, s3: BaseClient, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "page").write_bytes(b"<p>")
    remote = f"s3://{bucket}"
    headers = ["--add-header=Cache-Control:no-cache", "--add-header=x-amz-meta-colour:green"]
    s3cmd("put", "--mime-type=text/html", *headers, tmp_path / "page", f"{remote}/page ü.html")
    head = s3.head_object(Bucket=bucket, Key="page ü.html")
    assert (head["ContentType"], head["CacheControl"]) == ("text/html", "no-cache")
    assert head["Metadata"]["colour"] == "green"
    assert re.search(r"MIME type: +text/html\n", s3cmd("info", f"{remote}/page ü.html"))

    s3cmd("modify", "--add-header=x-amz-meta-colour:red", f"{remote}/page ü.html")
    assert s3.head_object(Bucket=bucket, Key="page ü.html")["Metadata"]["colour"] == "red"
    s3cmd("cp", f"{remote}/page ü.html", f"{remote}/copy")
    s3cmd("mv", f"{remote}/page ü.html", f"{remote}/moved")
    assert listed(s3cmd("ls", remote)) == [f"{remote}/copy", f"{remote}/moved"]
    s3cmd("del", "--recursive", "--force", f"{remote}/")
    assert listed(s3cmd("ls", remote)) == []


def test_a_stream_goes_up_and_comes_back(s3cmd: S3cmd, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    write_file(tmp_path / "stream", 9, 6 * MIB)
    s3cmd.piped(tmp_path / "stream", "put", "--multipart-chunk-size-mb=5", "-", f"s3://{bucket}/stream")
    assert s3.get_object(Bucket=bucket, Key="stream")["Body"].read() == (tmp_path / "stream").read_bytes()


def test_a_missing_object_says_so(s3cmd: S3cmd, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="does not exist"):
        s3cmd("get", f"s3://{bucket}/missing", tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_its_signed_links_are_of_an_older_kind_that_is_refused(s3cmd: S3cmd, s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    # Version 2 signatures: R2 takes only version 4, and so do the newer regions of AWS.
    link = s3cmd("signurl", f"s3://{bucket}/k", "+60").strip()
    refused = requests.get(link, timeout=30)
    assert (refused.status_code, "AWS4-HMAC-SHA256" in refused.text) == (400, True), refused.text
