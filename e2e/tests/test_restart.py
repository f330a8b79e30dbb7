"""The server's process: started again after any end, alone on its data, and finishing what it began."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.server import CairnServer
from harness.signed_requests import Signer, connect

MakeClient = Callable[..., BaseClient]
REFUSED_START_SECONDS_MAX = 30


def fill(s3: BaseClient) -> dict[str, bytes]:
    """One object of each way of being stored, and an unfinished upload."""
    s3.create_bucket(Bucket="kept")
    objects = {f"small/{number}": body(number, number * 100) for number in range(50)}
    objects |= {"large": body("large", 9 * MIB), "empty": b""}
    for key, content in objects.items():
        s3.put_object(Bucket="kept", Key=key, Body=content, Metadata={"key": key})

    objects["parts"] = body("parts", 6 * MIB)
    names = {"Bucket": "kept", "Key": "parts"}
    upload = s3.create_multipart_upload(**names, Metadata={"key": "parts"})["UploadId"]
    parts = []
    for number, first in enumerate((0, 5 * MIB), start=1):
        content = objects["parts"][first : first + 5 * MIB]
        etag = s3.upload_part(**names, UploadId=upload, PartNumber=number, Body=content)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})

    s3.delete_object(Bucket="kept", Key="small/0")
    del objects["small/0"]
    return objects


def check(s3: BaseClient, objects: dict[str, bytes]) -> None:
    """Every object is there with its bytes and metadata, and nothing else is."""
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]] == ["kept"]
    listed = s3.list_objects_v2(Bucket="kept")["Contents"]
    assert {entry["Key"]: entry["Size"] for entry in listed} == {key: len(value) for key, value in objects.items()}
    for key, content in objects.items():
        read = s3.get_object(Bucket="kept", Key=key)
        assert read["Body"].read() == content, key
        assert read["Metadata"] == {"key": key}


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_everything_acknowledged_is_there_after_a_restart(
    persistent_cairn: CairnServer, make_client: MakeClient, way: str
) -> None:
    first = persistent_cairn.start().ready
    s3 = make_client(persistent_cairn)
    objects = fill(s3)
    unfinished = s3.create_multipart_upload(Bucket="kept", Key="unfinished")["UploadId"]
    part = body("part", 5 * MIB)
    etag = s3.upload_part(Bucket="kept", Key="unfinished", UploadId=unfinished, PartNumber=1, Body=part)["ETag"]
    token = s3.list_objects_v2(Bucket="kept", MaxKeys=10)["NextContinuationToken"]

    if way == "killed":
        persistent_cairn.kill()
    else:
        assert persistent_cairn.stop() == 0
    second = persistent_cairn.start().ready

    same = ("account_id", "access_key_id", "secret_access_key")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    s3 = make_client(persistent_cairn)
    check(s3, objects)
    # A listing and an upload begun before the restart go on after it.
    rest = s3.list_objects_v2(Bucket="kept", ContinuationToken=token)
    assert rest["KeyCount"] == len(objects) - 10
    s3.complete_multipart_upload(
        Bucket="kept",
        Key="unfinished",
        UploadId=unfinished,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
    )
    assert s3.get_object(Bucket="kept", Key="unfinished")["Body"].read() == part
    assert persistent_cairn.stop() == 0


def test_the_ready_file_is_private_and_tells_the_token_once(persistent_cairn: CairnServer) -> None:
    first = persistent_cairn.start().ready
    assert stat.S_IMODE(persistent_cairn.ready_file.stat().st_mode) == 0o600
    assert first["pid"] == persistent_cairn.process_id
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/?", first["endpoint"])
    assert re.fullmatch(r"[0-9a-f]{32}", first["account_id"])
    # R2's page "Authentication": the secret is the SHA-256 of the token's value.
    assert first["secret_access_key"] == hashlib.sha256(first["api_token"].encode()).hexdigest()
    assert persistent_cairn.stop() == 0

    second = persistent_cairn.start().ready
    assert set(second) == set(first) - {"api_token"}
    assert persistent_cairn.stop() == 0


def test_secrets_are_not_on_disk_in_the_clear(persistent_cairn: CairnServer, tmp_path: Path) -> None:
    ready = persistent_cairn.start().ready
    assert persistent_cairn.stop() == 0
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for name in ("api_token", "secret_access_key"):
                assert ready[name].encode() not in content, (name, file)
                assert not _is_hex(ready[name]) or bytes.fromhex(ready[name]) not in content, (name, file)


def _is_hex(text: str) -> bool:
    return re.fullmatch(r"([0-9a-f]{2})+", text) is not None


def test_a_second_process_on_the_same_data_is_refused(
    persistent_cairn: CairnServer, make_client: MakeClient, tmp_path: Path
) -> None:
    persistent_cairn.start()
    ready_file = tmp_path / "second.json"
    second = subprocess.run(
        persistent_cairn.command(ready_file),
        capture_output=True,
        text=True,
        timeout=REFUSED_START_SECONDS_MAX,
        check=False,
    )
    assert second.returncode not in (0, 101), second.stderr
    assert str(tmp_path / "data") in second.stderr, second.stderr
    assert re.search(r"in use|already|another", second.stderr), second.stderr
    assert not ready_file.exists()

    # The first one goes on as if nothing had been.
    make_client(persistent_cairn).create_bucket(Bucket="still-here")
    assert persistent_cairn.stop() == 0


def test_a_request_that_is_running_is_finished_before_the_stop(
    persistent_cairn: CairnServer, make_client: MakeClient
) -> None:
    persistent_cairn.start()
    make_client(persistent_cairn).create_bucket(Bucket="kept")
    content = body("slow", MIB)
    url = f"{persistent_cairn.endpoint}/kept/slow"
    headers = Signer(persistent_cairn.credentials).headers("PUT", url, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})

    connection = connect(persistent_cairn.endpoint)
    connection.putrequest("PUT", "/kept/slow", skip_host=True, skip_accept_encoding=True)
    for name, value in (headers | {"Host": connection.host + f":{connection.port}"}).items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(content)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    # The server asks for the body: from here on the request is running.
    interim = connection.sock.recv(1024)
    assert interim.startswith(b"HTTP/1.1 100 "), interim
    assert interim.endswith(b"\r\n\r\n"), interim
    connection.send(content[:1000])
    persistent_cairn.terminate()

    exits: list[int] = []
    waiting = threading.Thread(target=lambda: exits.append(persistent_cairn.await_exit()))
    waiting.start()
    connection.send(content[1000:])
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.close()
    waiting.join()
    assert exits == [0]

    persistent_cairn.start()
    read = make_client(persistent_cairn).get_object(Bucket="kept", Key="slow")
    assert read["Body"].read() == content
    assert persistent_cairn.stop() == 0


def test_an_ephemeral_server_leaves_nothing_behind(cairn_binary: Path, tmp_path: Path, make_client: MakeClient) -> None:
    work = tmp_path / "work"
    work.mkdir()
    server = CairnServer(cairn_binary, tmp_path, ["--ephemeral"], temporary_directory=work)
    try:
        server.start()
        s3 = make_client(server)
        s3.create_bucket(Bucket="gone")
        s3.put_object(Bucket="gone", Key="k", Body=body("gone", MIB))
        assert server.stop() == 0
    finally:
        server.kill()
    assert list(work.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ready-1.json", "server.log", "work"]


def test_the_ready_file_is_whole_json_with_one_object(persistent_cairn: CairnServer) -> None:
    persistent_cairn.start()
    assert isinstance(json.loads(persistent_cairn.ready_file.read_text()), dict)
    assert [path.name for path in persistent_cairn.ready_file.parent.glob("ready-*")] == ["ready-1.json"]
    assert persistent_cairn.stop() == 0
