"""Every checksum that arrives is verified; a wrong one stores nothing."""

from __future__ import annotations

import base64
import hashlib

import pytest
from botocore.client import BaseClient
from botocore.config import Config

from harness.bodies import MIB, body
from harness.checksums import checksum
from harness.refusal import refused
from harness.server import CairnServer
from harness.signed_requests import Answer, ChunkSigner, Signer, connect, send, unsigned_chunks

ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
CONTENT = body("checked", 10_000)
WRONG = body("not it", 10_000)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("CRC32", "cbf43926"),
        ("CRC32C", "e3069283"),
        ("CRC64NVME", "ae8b14860a799888"),
        ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
    ],
)
def test_the_checksums_of_these_tests_are_the_published_ones(algorithm: str, expected: str) -> None:
    # The check values of the CRC catalogue are those of "123456789".
    assert base64.b64decode(checksum(algorithm, b"123456789")).hex() == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_checksum_is_accepted(s3: BaseClient, bucket: str, algorithm: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **{f"Checksum{algorithm}": checksum(algorithm, CONTENT)})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == CONTENT


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_stores_nothing(s3: BaseClient, bucket: str, algorithm: str) -> None:
    wrong = {f"Checksum{algorithm}": checksum(algorithm, WRONG)}
    with refused(400, "BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **wrong)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")

    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    with refused(400, "BadDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **wrong)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_stores_no_part(s3: BaseClient, bucket: str, algorithm: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    names = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    with refused(400, "BadDigest"):
        s3.upload_part(**names, PartNumber=1, Body=CONTENT, **{f"Checksum{algorithm}": checksum(algorithm, WRONG)})
    assert "Parts" not in s3.list_parts(**names)
    s3.upload_part(**names, PartNumber=1, Body=CONTENT, **{f"Checksum{algorithm}": checksum(algorithm, CONTENT)})
    assert [part["Size"] for part in s3.list_parts(**names)["Parts"]] == [len(CONTENT)]


@pytest.mark.parametrize("value", ["AAAA", "not base64!", "", base64.b64encode(bytes(64)).decode()])
def test_a_checksum_of_the_wrong_form_is_refused(s3: BaseClient, bucket: str, value: str) -> None:
    with refused(400, "InvalidDigest"):
        s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, ChecksumSHA256=value)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def content_md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def test_content_md5_is_verified(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="right", Body=CONTENT, ContentMD5=content_md5(CONTENT))
    with refused(400, "BadDigest"):
        s3.put_object(Bucket=bucket, Key="wrong", Body=CONTENT, ContentMD5=content_md5(WRONG))
    with refused(400, "InvalidDigest"):
        s3.put_object(Bucket=bucket, Key="malformed", Body=CONTENT, ContentMD5="AAAA")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["right"]


def test_content_md5_of_a_part_is_verified(s3: BaseClient, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    names = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    with refused(400, "BadDigest"):
        s3.upload_part(**names, PartNumber=1, Body=CONTENT, ContentMD5=content_md5(WRONG))
    assert "Parts" not in s3.list_parts(**names)


def test_a_delete_with_a_wrong_checksum_deletes_nothing(
    s3: BaseClient, signer: Signer, cairn: CairnServer, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    document = b"<Delete><Object><Key>k</Key></Object></Delete>"
    url = f"{cairn.endpoint}/{bucket}?delete"
    headers = {
        "x-amz-content-sha256": hashlib.sha256(document).hexdigest(),
        "x-amz-checksum-sha256": checksum("SHA256", WRONG),
    }
    connection = connect(cairn.endpoint)
    answer = send(connection, "POST", url, signer.headers("POST", url, headers), document)
    connection.close()
    assert (answer.status, answer.error_code) == (400, "BadDigest")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 4


def test_boto3_sends_a_checksum_by_default_and_may_leave_it(
    s3: BaseClient, make_client, cairn: CairnServer, bucket: str
) -> None:
    sent: dict[str, dict[str, str]] = {}

    def remember(request, **_) -> None:
        sent[request.url.rpartition("/")[2]] = {name.lower(): str(value) for name, value in request.headers.items()}

    silent = make_client(cairn, config=Config(request_checksum_calculation="when_required"))
    for client, key in ((s3, "default"), (silent, "when-required")):
        client.meta.events.register("before-send.s3.PutObject", remember, unique_id=key)
        client.put_object(Bucket=bucket, Key=key, Body=CONTENT)
        client.meta.events.unregister("before-send.s3.PutObject", unique_id=key)
        assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == CONTENT
    assert "x-amz-checksum-crc32" in sent["default"]
    assert not [name for name in sent["when-required"] if name.startswith("x-amz-checksum")]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("size", [0, 1, 100_000, 9 * MIB])
def test_boto3_over_tls_sends_the_checksum_in_a_trailer(
    tls_s3: BaseClient, s3: BaseClient, bucket: str, algorithm: str, size: int
) -> None:
    sent: dict[str, str] = {}

    def remember(request, **_) -> None:
        sent.update({name.lower(): str(value) for name, value in request.headers.items()})

    content = body(size, size)
    tls_s3.meta.events.register("before-send.s3.PutObject", remember, unique_id="trailer")
    tls_s3.put_object(Bucket=bucket, Key="k", Body=content, ChecksumAlgorithm=algorithm)
    tls_s3.meta.events.unregister("before-send.s3.PutObject", unique_id="trailer")

    assert "STREAMING-UNSIGNED-PAYLOAD-TRAILER" in sent["x-amz-content-sha256"]
    assert f"x-amz-checksum-{algorithm.lower()}" in sent["x-amz-trailer"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == size


def test_boto3_over_tls_uploads_parts_with_trailers(tls_s3: BaseClient, bucket: str, tmp_path) -> None:
    content = body("tls", 18 * MIB)
    (tmp_path / "file").write_bytes(content)
    tls_s3.upload_file(str(tmp_path / "file"), bucket, "k")
    tls_s3.download_file(bucket, "k", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content


def put_in_chunks(
    signer: Signer, endpoint: str, bucket: str, mode: str, trailer: tuple[str, str] | None, *, announce_length: bool
) -> Answer:
    """Puts `CONTENT` at the key `k` as an aws-chunked body of three chunks."""
    url = f"{endpoint}/{bucket}/k"
    headers = {
        "x-amz-content-sha256": mode,
        "x-amz-decoded-content-length": str(len(CONTENT)),
        "content-encoding": "aws-chunked",
    }
    if trailer:
        headers["x-amz-trailer"] = trailer[0]
    signed = signer.headers("PUT", url, headers)
    blocks = [CONTENT[:8192], CONTENT[8192:9000], CONTENT[9000:]]
    if mode.startswith("STREAMING-UNSIGNED"):
        frames = unsigned_chunks(blocks, trailer)
    else:
        frames = ChunkSigner(signer.credentials.secret_access_key, signer.region, signed).body(blocks, trailer)
    connection = connect(endpoint)
    try:
        if announce_length:
            return send(connection, "PUT", url, signed, b"".join(frames))
        return send(connection, "PUT", url, signed | {"Transfer-Encoding": "chunked"}, frames, chunked=True)
    finally:
        connection.close()


def test_the_chunk_signatures_of_these_tests_are_those_of_awss_examples() -> None:
    # AWS's two pages on "Transferring payload in multiple chunks", the second one "including trailing headers".
    secret, blocks = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", [b"a" * 65536, b"a" * 1024]
    examples = [
        (
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            None,
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ),
        (
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            ("x-amz-checksum-crc32c", "sOO8/Q=="),
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
        ),
    ]
    for seed, trailer, last in examples:
        seed_headers = {"Authorization": f"Signature={seed}", "X-Amz-Date": "20130524T000000Z"}
        frames = list(ChunkSigner(secret, "us-east-1", seed_headers).body(blocks, trailer))
        assert last.encode() in frames[-1]


SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
MODES = [SIGNED, f"{SIGNED}-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]


@pytest.mark.parametrize("announce_length", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_a_chunked_body_is_stored_without_its_framing(
    s3: BaseClient, signer: Signer, cairn: CairnServer, bucket: str, mode: str, announce_length: bool
) -> None:
    trailer = ("x-amz-checksum-crc32c", checksum("CRC32C", CONTENT)) if mode.endswith("TRAILER") else None
    answer = put_in_chunks(signer, cairn.endpoint, bucket, mode, trailer, announce_length=announce_length)
    assert answer.status == 200, answer
    read = s3.get_object(Bucket=bucket, Key="k")
    assert read["Body"].read() == CONTENT
    assert read["ETag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("mode", MODES[1:])
def test_a_wrong_trailer_stores_nothing(
    s3: BaseClient, signer: Signer, cairn: CairnServer, bucket: str, mode: str, algorithm: str
) -> None:
    trailer = (f"x-amz-checksum-{algorithm.lower()}", checksum(algorithm, WRONG))
    answer = put_in_chunks(signer, cairn.endpoint, bucket, mode, trailer, announce_length=True)
    assert (answer.status, answer.error_code) == (400, "BadDigest")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_chunk_signed_by_another_key_stores_nothing(
    s3: BaseClient, signer: Signer, cairn: CairnServer, bucket: str
) -> None:
    url = f"{cairn.endpoint}/{bucket}/k"
    headers = {"x-amz-content-sha256": SIGNED, "x-amz-decoded-content-length": str(len(CONTENT))}
    signed = signer.headers("PUT", url, headers)
    frames = b"".join(ChunkSigner("not the secret", signer.region, signed).body([CONTENT]))
    connection = connect(cairn.endpoint)
    answer = send(connection, "PUT", url, signed, frames)
    connection.close()
    assert (answer.status, answer.error_code) == (403, "SignatureDoesNotMatch")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")
