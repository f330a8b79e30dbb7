"""Multipart uploads: by boto3's transfer manager, and by hand where the manager never goes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from harness.bodies import MIB, body, file_sha256, write_file
from harness.refusal import refused
from harness.server import CairnServer

PART = 5 * MIB
# boto3's default TransferConfig: parts of 8 MiB.
MANAGED_PART = 8 * MIB
LARGE = 200 * MIB
# What issue and manual promise for many more uploads than this one.
MEMORY_BYTES_MAX = 256 * MIB


class Upload:
    """One multipart upload driven step by step."""

    def __init__(self, s3: BaseClient, bucket: str, key: str = "k", **options: object) -> None:
        self._s3 = s3
        created = s3.create_multipart_upload(Bucket=bucket, Key=key, **options)
        assert (created["Bucket"], created["Key"]) == (bucket, key)
        self.names = {"Bucket": bucket, "Key": key, "UploadId": created["UploadId"]}
        self.parts: dict[int, str] = {}

    def put(self, number: int, content: bytes, **options: object) -> str:
        """Uploads one part, checks its ETag, and remembers it for `complete`."""
        etag = self._s3.upload_part(**self.names, PartNumber=number, Body=content, **options)["ETag"]
        assert etag == f'"{hashlib.md5(content).hexdigest()}"'
        self.parts[number] = etag
        return etag

    def complete(self, parts: list[tuple[int, str]] | None = None) -> dict:
        """Completes with the parts uploaded, in order, or with the given ones."""
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts or sorted(self.parts.items())]
        return self._s3.complete_multipart_upload(**self.names, MultipartUpload={"Parts": listed})

    def abort(self) -> None:
        """Gives the upload up."""
        self._s3.abort_multipart_upload(**self.names)


def multipart_etag(parts: list[bytes]) -> str:
    """R2's page "Multipart upload": the MD5 of the parts' binary MD5 sums, a hyphen, the number of parts."""
    sums = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(sums).hexdigest()}-{len(parts)}"'


def test_the_etag_of_the_documents_example() -> None:
    # Guards the helper above by the figures of R2's page.
    sums = bytes.fromhex("bce6bf66aeb76c7040fdd5f4eccb78e68165449fc15bbf43d3b674595cbcc406")
    assert hashlib.md5(sums).hexdigest() == "f77dc0eecdebcd774a2a22cb393ad2ff"


def test_200_mib_go_up_and_come_down_in_parts(
    fresh_cairn: CairnServer, make_client: Callable[..., BaseClient], bucket_name: str, tmp_path: Path
) -> None:
    # A server of its own, because its memory is looked at: what other tests had it do would count too.
    s3, bucket = make_client(fresh_cairn), bucket_name
    s3.create_bucket(Bucket=bucket)
    source, target = tmp_path / "source", tmp_path / "target"
    digest = write_file(source, 200, LARGE)
    s3.upload_file(str(source), bucket, "large", ExtraArgs={"Metadata": {"kind": "large"}})

    head = s3.head_object(Bucket=bucket, Key="large")
    with source.open("rb") as file:
        parts = [file.read(MANAGED_PART) for _ in range(LARGE // MANAGED_PART)]
    assert head["ETag"] == multipart_etag(parts)
    assert (head["ContentLength"], head["Metadata"]) == (LARGE, {"kind": "large"})

    s3.download_file(bucket, "large", str(target))
    assert file_sha256(target) == digest

    # Ranges over the joints of parts, in the middle and at the very end.
    for first in (MANAGED_PART - 1, 13 * MANAGED_PART - 70_000, LARGE - 100_000, LARGE - 1):
        last = min(first + 150_000, LARGE - 1)
        answer = s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={first}-{last}")
        assert answer["ContentRange"] == f"bytes {first}-{last}/{LARGE}"
        with source.open("rb") as file:
            file.seek(first)
            assert answer["Body"].read() == file.read(last - first + 1), first
    assert fresh_cairn.peak_memory_bytes() < MEMORY_BYTES_MAX


def test_parts_become_one_object_only_when_completed(s3: BaseClient, bucket: str) -> None:
    parts = [body(1, PART), body(2, PART), body(3, 1000)]
    upload = Upload(s3, bucket, ContentType="video/mp4", Metadata={"kind": "film"}, CacheControl="no-cache")
    for number, part in enumerate(parts, start=1):
        upload.put(number, part)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    completed = upload.complete()
    assert (completed["ETag"], completed["Bucket"], completed["Key"]) == (multipart_etag(parts), bucket, "k")
    read = s3.get_object(Bucket=bucket, Key="k")
    assert read["Body"].read() == b"".join(parts)
    assert read["ETag"] == completed["ETag"]
    assert (read["ContentType"], read["Metadata"], read["CacheControl"]) == ("video/mp4", {"kind": "film"}, "no-cache")
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (entry["ETag"], entry["Size"]) == (completed["ETag"], 2 * PART + 1000)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_part_is_read_by_its_number(s3: BaseClient, bucket: str) -> None:
    parts = [body(1, PART), body(2, PART), body(3, 1000)]
    upload = Upload(s3, bucket)
    for number, part in enumerate(parts, start=1):
        upload.put(number, part)
    upload.complete()

    first = 0
    for number, part in enumerate(parts, start=1):
        last = first + len(part) - 1
        answer = s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
        assert answer["Body"].read() == part
        for described in (answer, s3.head_object(Bucket=bucket, Key="k", PartNumber=number)):
            assert described["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert (described["ContentLength"], described["PartsCount"]) == (len(part), 3)
            assert described["ContentRange"] == f"bytes {first}-{last}/{2 * PART + 1000}"
        first = last + 1
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", PartNumber=4)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 416


def test_completing_replaces_the_object_that_was_there(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    upload = Upload(s3, bucket)
    upload.put(1, b"after")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"
    upload.complete()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"after"


@pytest.mark.parametrize("sizes", [[PART + 1, PART, PART], [PART, PART + 1, 100], [PART, PART, PART + 1]])
def test_parts_of_unequal_size_are_refused_at_the_end(s3: BaseClient, bucket: str, sizes: list[int]) -> None:
    upload = Upload(s3, bucket)
    for number, size in enumerate(sizes, start=1):
        upload.put(number, body(number, size))
    with refused(400, "InvalidPart"):
        upload.complete()
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_part_below_5_mib_may_only_be_the_last(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.put(1, body(1, PART - 1))
    upload.put(2, body(2, PART - 1))
    with refused(400, "EntityTooSmall"):
        upload.complete()
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_parts_that_were_not_uploaded_are_refused(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    etag = upload.put(1, body(1, PART))
    for parts in ([(1, f'"{"0" * 32}"')], [(1, etag), (2, etag)], [(2, etag)]):
        with refused(400, "InvalidPart"):
            upload.complete(parts)
    upload.complete()


def test_parts_are_sorted_whatever_order_they_are_named_in(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2024-01-26; AWS refuses this.
    parts = {number: body(number, PART) for number in (1, 2, 3)}
    upload = Upload(s3, bucket)
    for number in (3, 1, 2):
        upload.put(number, parts[number])
    upload.complete([(number, upload.parts[number]) for number in (2, 3, 1)])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == parts[1] + parts[2] + parts[3]


def test_only_the_named_parts_are_used_and_quotes_are_optional(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2022-07-06: quotes around an ETag are ignored here.
    upload = Upload(s3, bucket)
    for number in (2, 5, 9000, 10_000):
        upload.put(number, body(number, PART))
    upload.complete([(2, upload.parts[2].strip('"')), (9000, upload.parts[9000].strip('"'))])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body(2, PART) + body(9000, PART)


def test_a_part_uploaded_again_replaces_the_first(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    first = upload.put(1, b"first")
    upload.put(1, b"second")
    with refused(400, "InvalidPart"):
        upload.complete([(1, first)])
    upload.complete()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_an_upload_of_one_empty_part_is_an_empty_object(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.put(1, b"")
    assert upload.complete()["ETag"] == multipart_etag([b""])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b""


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_a_part_number_out_of_range_is_refused(s3: BaseClient, bucket: str, number: int) -> None:
    upload = Upload(s3, bucket)
    with refused(400, "InvalidArgument"):
        upload.put(number, b"part")
    assert "Parts" not in s3.list_parts(**upload.names)


def test_an_aborted_upload_is_gone_and_may_be_aborted_again(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    etag = upload.put(1, b"part")
    # R2's release note of 2022-06-10: a second abort is no error.
    for _ in range(2):
        upload.abort()
    with refused(404, "NoSuchUpload"):
        upload.put(2, b"part")
    with refused(404, "NoSuchUpload"):
        upload.complete([(1, etag)])
    with refused(404, "NoSuchUpload"):
        s3.list_parts(**upload.names)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_completed_upload_takes_no_more_parts(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.put(1, b"part")
    upload.complete()
    with refused(404, "NoSuchUpload"):
        upload.put(2, b"part")
    with refused(404, "NoSuchUpload"):
        s3.list_parts(**upload.names)


def test_an_upload_belongs_to_its_key_and_bucket(s3: BaseClient, bucket: str, module_bucket: str) -> None:
    upload = Upload(s3, bucket)
    for other in ({"Key": "other"}, {"Bucket": module_bucket}, {"UploadId": "made-up"}):
        with refused(404, "NoSuchUpload"):
            s3.upload_part(**(upload.names | other), PartNumber=1, Body=b"part")


def test_parts_are_listed_by_pages(s3: BaseClient, bucket: str) -> None:
    upload = Upload(s3, bucket)
    for number in (1, 2, 3, 40, 500):
        upload.put(number, body(number, number))
    answers = list(s3.get_paginator("list_parts").paginate(**upload.names, PaginationConfig={"PageSize": 2}))
    assert [[part["PartNumber"] for part in answer["Parts"]] for answer in answers] == [[1, 2], [3, 40], [500]]
    found = [part for answer in answers for part in answer["Parts"]]
    assert {part["PartNumber"]: part["ETag"] for part in found} == upload.parts
    assert [part["Size"] for part in found] == [1, 2, 3, 40, 500]
    assert [answer["IsTruncated"] for answer in answers] == [True, True, False]


def test_uploads_are_listed_by_pages_in_order(s3: BaseClient, bucket: str) -> None:
    keys = ["a", "b", "b", "b", "c/1", "c/2", "d e+f", "ü"]
    uploads = sorted((key, Upload(s3, bucket, key).names["UploadId"]) for key in keys)
    for size in (1, 3, 1000):
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
        found = [(entry["Key"], entry["UploadId"]) for page in pages for entry in page.get("Uploads", [])]
        assert [key for key, _ in found] == keys, size
        assert sorted(found) == uploads, size


def test_uploads_are_listed_below_a_prefix_and_by_folders(s3: BaseClient, bucket: str) -> None:
    for key in ("a", "b/1", "b/2", "b/c/3", "d/4"):
        Upload(s3, bucket, key)
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix="b/", Delimiter="/")
    assert [entry["Key"] for entry in answer["Uploads"]] == ["b/1", "b/2"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["b/c/"]
    answer = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in answer["Uploads"]] == ["a"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["b/", "d/"]


def test_parts_are_copied_from_ranges_of_an_object(s3: BaseClient, bucket: str) -> None:
    content = body("source", 3 * PART)
    s3.put_object(Bucket=bucket, Key="source key", Body=content)
    upload = Upload(s3, bucket)
    source = {"CopySource": {"Bucket": bucket, "Key": "source key"}}
    for number, first, last in ((1, 100, PART + 99), (2, 0, PART - 1), (3, 3 * PART - 10, 3 * PART - 1)):
        copied = s3.upload_part_copy(
            **upload.names, PartNumber=number, **source, CopySourceRange=f"bytes={first}-{last}"
        )["CopyPartResult"]
        assert copied["ETag"] == f'"{hashlib.md5(content[first : last + 1]).hexdigest()}"'
        upload.parts[number] = copied["ETag"]
    upload.complete()
    expected = content[100 : PART + 100] + content[:PART] + content[-10:]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == expected


def test_a_part_is_copied_from_a_whole_object(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"all of it")
    upload = Upload(s3, bucket)
    copied = s3.upload_part_copy(**upload.names, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"})
    upload.complete([(1, copied["CopyPartResult"]["ETag"])])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"all of it"


@pytest.mark.parametrize("copied", ["bytes=5-20", "bytes=30-40"])
def test_a_part_is_not_copied_from_past_the_end(s3: BaseClient, bucket: str, copied: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"ten bytes.")
    upload = Upload(s3, bucket)
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.upload_part_copy(
            **upload.names, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange=copied
        )
    # AWS answers InvalidArgument (400), its copies also InvalidRange (416); never a shorter part.
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 416)
    assert "Parts" not in s3.list_parts(**upload.names)
