"""rclone with the configuration of R2's Rclone page: trees of files up, compared, moved and down again."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body, file_sha256, write_file
from harness.commands import CommandFailed, Rclone

LARGE = 30 * MIB
FILES = 200


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About two hundred files, one of them large, some with odd names."""
    root = tmp_path_factory.mktemp("tree")
    for number in range(FILES):
        path = root / f"folder {number % 10}" / f"sub+{number % 3}" / f"file-{number:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body(number, number * 50))
    for name in ("ünïcödé ✓.txt", "100%.txt", "a&b=c;d'e.txt", "[x]{y}~z.txt"):
        (root / name).write_bytes(name.encode())
    write_file(root / "large.bin", 30, LARGE)
    return root


def names(root: Path) -> list[str]:
    """The files below a folder, as rclone's `lsf -R --files-only` prints them."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_tree_goes_up_is_checked_listed_and_comes_down(
    rclone: Rclone, tree: Path, bucket_name: str, tmp_path: Path
) -> None:
    remote = f"r2:{bucket_name}"
    rclone("mkdir", remote)
    # The large file goes up in parts of 5 MiB, four at a time.
    rclone("copy", tree, remote, "--s3-upload-cutoff=10M", "--s3-chunk-size=5M", "--s3-upload-concurrency=4")
    rclone("check", tree, remote, "--download")
    rclone("check", tree, remote)
    assert sorted(rclone("lsf", "-R", "--files-only", remote).splitlines()) == names(tree)
    assert f"{len(names(tree))} files" in rclone("tree", remote)
    assert rclone("size", "--json", remote).startswith(f'{{"count":{len(names(tree))}')

    rclone("copy", remote, tmp_path / "down")
    assert names(tmp_path / "down") == names(tree)
    for name in names(tree):
        assert file_sha256(tmp_path / "down" / name) == file_sha256(tree / name), name
    # A second copy finds nothing to do: sizes and times of modification came back as they were sent.
    assert "Copied" not in rclone.report("copy", tree, remote)
    rclone("purge", remote)


def test_sync_makes_both_sides_the_same(rclone: Rclone, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("kept", "changed", "removed"):
        (source / name).write_bytes(name.encode())
    rclone("sync", source, f"r2:{bucket}/synced")
    (source / "changed").write_bytes(b"other bytes")
    (source / "removed").unlink()
    (source / "added").write_bytes(b"added")
    rclone("sync", source, f"r2:{bucket}/synced")
    assert rclone("lsf", f"r2:{bucket}/synced").splitlines() == ["added", "changed", "kept"]
    assert rclone("cat", f"r2:{bucket}/synced/changed") == "other bytes"

    # Back again, over files that differ.
    (source / "kept").write_bytes(b"overwritten here")
    rclone("sync", f"r2:{bucket}/synced", source)
    assert (source / "kept").read_bytes() == b"kept"


def test_parts_of_a_file_are_printed(rclone: Rclone, s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")
    remote = f"r2:{bucket}/digits"
    assert rclone("cat", remote, "--offset", "3") == "3456789"
    assert rclone("cat", remote, "--offset", "3", "--count", "2") == "34"
    assert rclone("cat", remote, "--tail", "2") == "89"


def test_files_are_moved_and_deleted(rclone: Rclone, s3: BaseClient, bucket: str) -> None:
    for key in ("a/one", "a/two", "b/three"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    remote = f"r2:{bucket}"
    rclone("moveto", f"{remote}/a/one", f"{remote}/c/moved one")
    assert rclone("cat", f"{remote}/c/moved one") == "a/one"
    rclone("delete", f"{remote}/a")
    rclone("deletefile", f"{remote}/b/three")
    assert rclone("lsf", "-R", "--files-only", remote).splitlines() == ["c/moved one"]
    with pytest.raises(CommandFailed):
        rclone("deletefile", f"{remote}/b/three")


def test_a_link_is_shared(rclone: Rclone, s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="cat +1.png", Body=b"cat")
    link = rclone("link", f"r2:{bucket}/cat +1.png", "--expire", "60s").strip()
    assert requests.get(link, timeout=30).content == b"cat"


def test_a_stream_of_unknown_length_goes_up(rclone: Rclone, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    write_file(tmp_path / "stream", 7, 12 * MIB)
    rclone.piped(tmp_path / "stream", "rcat", f"r2:{bucket}/stream")
    assert s3.get_object(Bucket=bucket, Key="stream")["Body"].read() == (tmp_path / "stream").read_bytes()
