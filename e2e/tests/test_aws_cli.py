"""The aws command, v1 from PyPI: `aws s3` for folders, `aws s3api` for single requests."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.commands import AwsCli, CommandFailed
from harness.server import CairnServer

FILES = {
    "readme.txt": b"read me",
    "empty": b"",
    "img/a b+c.png": body("png", 30_000),
    "img/ünïcödé ✓.png": body("unicode", 3_000),
    "deep/er/est/file.bin": body("deep", 100_000),
    # Above 8 MiB the command uploads in parts.
    "large.bin": body("large", 20 * MIB),
}


# A file's time of modification, before any upload: sync compares it with the time of the upload, to the second.
LONG_AGO = 1_600_000_000


def write_tree(root: Path) -> Path:
    """A folder with `FILES`."""
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
        os.utime(root / name, (LONG_AGO, LONG_AGO))
    return root


def read_tree(root: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_folder_goes_up_is_listed_comes_down_and_is_deleted(aws: AwsCli, bucket_name: str, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source")
    url = f"s3://{bucket_name}"
    assert aws("s3", "mb", url) == f"make_bucket: {bucket_name}\n"
    # The first page may be full of other tests' buckets.
    buckets = ("s3", "ls", "--bucket-name-prefix", bucket_name)
    assert aws(*buckets).endswith(f" {bucket_name}\n")

    aws("s3", "cp", "--recursive", source, f"{url}/up")
    names = [line.split(maxsplit=3)[3] for line in aws("s3", "ls", "--recursive", f"{url}/up/").splitlines()]
    assert sorted(names) == sorted(f"up/{name}" for name in FILES)
    assert "PRE img/" in aws("s3", "ls", f"{url}/up/")

    aws("s3", "cp", "--recursive", f"{url}/up", tmp_path / "down")
    assert read_tree(tmp_path / "down") == FILES

    aws("s3", "rm", "--recursive", f"{url}/up/img")
    with pytest.raises(CommandFailed, match="BucketNotEmpty"):
        aws("s3", "rb", url)
    assert aws("s3", "rb", "--force", url).endswith(f"remove_bucket: {bucket_name}\n")
    assert aws(*buckets) == ""


def test_an_empty_file_does_not_spoil_the_connection(aws: AwsCli, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    # botocore, as this command brings it, sends `Expect: 100-continue` with an empty file too. After an answer that no
    # `100 Continue` went before, it misreads the next such answer on the same connection and waits for ever. So the
    # server has to close the connection then. One transfer at a time makes the files share it.
    for number in range(4):
        (tmp_path / f"{number}-empty").touch()
        (tmp_path / f"{number}-full").write_bytes(b"full")
    aws("configure", "set", "default.s3.max_concurrent_requests", "1")
    options = ("--exclude", "*", "--include", "*-empty", "--include", "*-full")
    aws("s3", "cp", "--recursive", *options, tmp_path, f"s3://{bucket}")
    sizes = [entry["Size"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert sizes == [0, 4] * 4


def test_sync_moves_what_differs_and_nothing_else(aws: AwsCli, bucket: str, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source")
    url = f"s3://{bucket}/synced"
    assert len(aws("s3", "sync", "--no-progress", source, url).splitlines()) == len(FILES)
    assert aws("s3", "sync", "--no-progress", source, url) == ""

    (source / "readme.txt").write_bytes(b"read me again")
    (source / "empty").unlink()
    changed = aws("s3", "sync", "--no-progress", "--delete", source, url).splitlines()
    assert sorted(line.split(":")[0] for line in changed) == ["delete", "upload"]

    aws("s3", "sync", "--no-progress", url, tmp_path / "down")
    expected = FILES | {"readme.txt": b"read me again"}
    del expected["empty"]
    assert read_tree(tmp_path / "down") == expected


def test_objects_are_copied_and_moved_within_the_store(aws: AwsCli, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(FILES["large.bin"])
    url = f"s3://{bucket}"
    aws("s3", "cp", tmp_path / "large", f"{url}/first")
    aws("s3", "cp", f"{url}/first", f"{url}/second")
    aws("s3", "mv", f"{url}/second", f"{url}/third")
    assert [line.split()[3] for line in aws("s3", "ls", f"{url}/").splitlines()] == ["first", "third"]
    aws("s3", "cp", f"{url}/third", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == FILES["large.bin"]


def test_a_presigned_link_is_shared(aws: AwsCli, s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b/shared.txt", Body=b"shared")
    link = aws("s3", "presign", f"s3://{bucket}/a b/shared.txt", "--expires-in", "60").strip()
    assert requests.get(link, timeout=30).content == b"shared"


def test_an_upload_is_streamed_from_standard_input(aws: AwsCli, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    # A pipe has no length to announce: the command collects parts.
    (tmp_path / "file").write_bytes(FILES["large.bin"])
    aws.piped(tmp_path / "file", "s3", "cp", "-", f"s3://{bucket}/piped")
    assert s3.get_object(Bucket=bucket, Key="piped")["Body"].read() == FILES["large.bin"]


def test_single_requests_answer_as_documented(aws: AwsCli, bucket_name: str, tmp_path: Path) -> None:
    target = ("--bucket", bucket_name)
    one = (*target, "--key", "one.txt")
    (tmp_path / "one.txt").write_bytes(b"0123456789")
    etag = f'"{hashlib.md5(b"0123456789").hexdigest()}"'

    assert bucket_name in aws.json("s3api", "create-bucket", *target)["Location"]
    put = aws.json("s3api", "put-object", *one, "--body", tmp_path / "one.txt", "--metadata", "colour=green")
    assert put["ETag"] == etag

    head = aws.json("s3api", "head-object", *one)
    assert (head["ContentLength"], head["ETag"], head["Metadata"]) == (10, etag, {"colour": "green"})
    got = aws.json("s3api", "get-object", *one, "--range", "bytes=2-4", tmp_path / "range")
    assert (got["ContentRange"], got["ContentLength"]) == ("bytes 2-4/10", 3)
    assert (tmp_path / "range").read_bytes() == b"234"

    listed = aws.json("s3api", "list-objects-v2", *target)["Contents"]
    assert [(entry["Key"], entry["Size"], entry["ETag"]) for entry in listed] == [("one.txt", 10, etag)]
    assert aws.json("s3api", "get-bucket-location", *target) == {"LocationConstraint": "auto"}

    copied = aws.json("s3api", "copy-object", *target, "--key", "two.txt", "--copy-source", f"{bucket_name}/one.txt")
    assert copied["CopyObjectResult"]["ETag"] == etag
    deletion = json.dumps({"Objects": [{"Key": "one.txt"}, {"Key": "two.txt"}]})
    assert len(aws.json("s3api", "delete-objects", *target, "--delete", deletion)["Deleted"]) == 2
    with pytest.raises(CommandFailed, match="404"):
        aws("s3api", "head-object", *one)
    aws("s3api", "delete-bucket", *target)
    with pytest.raises(CommandFailed, match="404"):
        aws("s3api", "head-bucket", *target)


def test_a_multipart_upload_is_driven_by_hand(aws: AwsCli, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    target = ("--bucket", bucket, "--key", "parts")
    upload = aws.json("s3api", "create-multipart-upload", *target)["UploadId"]
    parts = [body(1, 5 * MIB), body(2, 1000)]
    named = []
    for number, content in enumerate(parts, start=1):
        (tmp_path / "part").write_bytes(content)
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        options = ("--upload-id", upload, "--part-number", str(number), "--content-md5", md5)
        etag = aws.json("s3api", "upload-part", *target, *options, "--body", tmp_path / "part")["ETag"]
        named.append({"PartNumber": number, "ETag": etag})

    listed = aws.json("s3api", "list-parts", *target, "--upload-id", upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, 5 * MIB), (2, 1000)]
    uploads = aws.json("s3api", "list-multipart-uploads", "--bucket", bucket)["Uploads"]
    assert [(entry["Key"], entry["UploadId"]) for entry in uploads] == [("parts", upload)]

    description = json.dumps({"Parts": named})
    completion = ("--upload-id", upload, "--multipart-upload", description)
    assert aws.json("s3api", "complete-multipart-upload", *target, *completion)["ETag"].endswith('-2"')
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"".join(parts)

    other = aws.json("s3api", "create-multipart-upload", *target)["UploadId"]
    aws("s3api", "abort-multipart-upload", *target, "--upload-id", other)
    assert "Uploads" not in aws.json("s3api", "list-multipart-uploads", "--bucket", bucket)


def test_a_list_of_buckets_in_pages_is_whole(fresh_cairn: CairnServer, tmp_path: Path) -> None:
    aws = AwsCli.configured(fresh_cairn, tmp_path)
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        aws("s3", "mb", f"s3://{name}")
    listed = json.loads(aws("s3api", "list-buckets", "--page-size", "2", "--output", "json"))
    assert [entry["Name"] for entry in listed["Buckets"]] == names
    first = json.loads(aws("s3api", "list-buckets", "--max-items", "3", "--output", "json"))
    rest = json.loads(aws("s3api", "list-buckets", "--starting-token", first["NextToken"], "--output", "json"))
    assert [entry["Name"] for page in (first, rest) for entry in page["Buckets"]] == names
