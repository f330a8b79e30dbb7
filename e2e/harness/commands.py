"""The clients that are commands: aws, s3cmd, rclone and node, each in a home directory of its own.

A command that fails raises with everything it printed. Commands end by themselves or by `COMMAND_SECONDS_MAX`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.server import CairnServer

# Below the time that pytest gives a test, so that the command is named.
COMMAND_SECONDS_MAX = 500


class CommandFailed(AssertionError):
    """A command ended with another exit code than 0."""

    def __init__(self, command: list[str], ended: subprocess.CompletedProcess[str]) -> None:
        self.stderr = ended.stderr
        super().__init__(f"{command}: exit code {ended.returncode}\n{ended.stdout}\n{ended.stderr}")


def run(
    command: list[str],
    environment: dict[str, str],
    directory: Path | None = None,
    stdin: BinaryIO | int = subprocess.DEVNULL,
) -> str:
    """Runs `command` to its end and returns what it printed to standard output."""
    ended = subprocess.run(
        command,
        env=environment,
        cwd=directory,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    if ended.returncode != 0:
        raise CommandFailed(command, ended)
    return ended.stdout


def isolated_environment(home: Path) -> dict[str, str]:
    """The environment of a command: what it needs to run, and nothing this machine has configured for it."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "RCLONE_CONFIG": str(home / "rclone.conf"),
    }


def beside_python(name: str) -> str:
    """A command installed beside the Python that runs the tests."""
    command = Path(sys.executable).with_name(name)
    assert command.is_file(), f"{command} is missing: install e2e/requirements.txt into this environment"
    return str(command)


@dataclass(frozen=True)
class AwsCli:
    """The aws command; credentials, region and endpoint come from its environment."""

    environment: dict[str, str]

    @classmethod
    def configured(cls, server: CairnServer, home: Path) -> AwsCli:
        """For `server`, with the region R2 has."""
        return cls(
            isolated_environment(home)
            | {
                "AWS_ACCESS_KEY_ID": server.credentials.access_key_id,
                "AWS_SECRET_ACCESS_KEY": server.credentials.secret_access_key,
                "AWS_DEFAULT_REGION": "auto",
                "AWS_ENDPOINT_URL": server.endpoint,
            }
        )

    @staticmethod
    def program() -> str:
        """The aws command installed beside the Python that runs the tests."""
        return beside_python("aws")

    def __call__(self, *arguments: str | Path) -> str:
        return run([self.program(), *map(str, arguments)], self.environment)

    def piped(self, source: Path, *arguments: str) -> str:
        """Runs the command with the file's bytes on its standard input."""
        with source.open("rb") as file:
            return run([self.program(), *arguments], self.environment, stdin=file)

    def json(self, *arguments: str | Path) -> dict:
        """The answer of an `s3api` command; one that prints nothing answers an empty object."""
        printed = self("--output", "json", *arguments)
        return json.loads(printed) if printed.strip() else {}


@dataclass(frozen=True)
class S3cmd:
    """The s3cmd command, whose configuration file is `.s3cfg` in its home directory."""

    environment: dict[str, str]

    # A `host_bucket` without `%(bucket)s` is s3cmd's word for path-style addressing. No retries: what fails once has
    # failed.
    CONFIGURATION = """\
[default]
access_key = {access_key_id}
secret_key = {secret_access_key}
host_base = {host}
host_bucket = {host}
bucket_location = auto
use_https = False
signurl_use_https = False
max_retries = 0
"""

    @classmethod
    def configured(cls, server: CairnServer, home: Path) -> S3cmd:
        """For `server`; the configuration file stands in `home`."""
        (home / ".s3cfg").write_text(
            cls.CONFIGURATION.format(
                access_key_id=server.credentials.access_key_id,
                secret_access_key=server.credentials.secret_access_key,
                host=server.endpoint.removeprefix("http://"),
            )
        )
        return cls(isolated_environment(home))

    @staticmethod
    def program() -> str:
        """The s3cmd installed beside the Python that runs the tests."""
        return beside_python("s3cmd")

    def __call__(self, *arguments: str | Path, directory: Path | None = None) -> str:
        return run([self.program(), *map(str, arguments)], self.environment, directory)

    def piped(self, source: Path, *arguments: str) -> str:
        """Runs the command with the file's bytes on its standard input."""
        with source.open("rb") as file:
            return run([self.program(), *arguments], self.environment, stdin=file)


@dataclass(frozen=True)
class Rclone:
    """The rclone command with a remote `r2:`."""

    environment: dict[str, str]

    # The block of R2's Rclone page, "Edit an existing rclone configuration".
    CONFIGURATION = """\
[r2]
type = s3
provider = Cloudflare
access_key_id = {access_key_id}
secret_access_key = {secret_access_key}
endpoint = {endpoint}
acl = private
"""

    @classmethod
    def configured(cls, server: CairnServer, home: Path) -> Rclone:
        """For `server`; the configuration file stands in `home`."""
        environment = isolated_environment(home)
        Path(environment["RCLONE_CONFIG"]).write_text(
            cls.CONFIGURATION.format(
                access_key_id=server.credentials.access_key_id,
                secret_access_key=server.credentials.secret_access_key,
                endpoint=server.endpoint,
            )
        )
        # No retries: what fails once has failed. rclone counts the first attempt.
        return cls(environment | {"RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1"})

    @staticmethod
    def program() -> str:
        """The rclone on PATH."""
        program = shutil.which("rclone")
        assert program, "rclone is not on PATH; `cargo xtask e2e` puts it there"
        return program

    def __call__(self, *arguments: str | Path, directory: Path | None = None) -> str:
        return run([self.program(), *map(str, arguments)], self.environment, directory)

    def piped(self, source: Path, *arguments: str) -> str:
        """Runs the command with the file's bytes on its standard input."""
        with source.open("rb") as file:
            return run([self.program(), *arguments], self.environment, stdin=file)

    def report(self, *arguments: str | Path) -> str:
        """Runs the command and returns what it says it did, file by file."""
        log = Path(self.environment["HOME"]) / "rclone.log"
        log.unlink(missing_ok=True)
        self("--log-file", log, "--log-level", "INFO", *arguments)
        return log.read_text()


@dataclass(frozen=True)
class Node:
    """Runs a script of `js/` that prints one JSON value."""

    scripts: Path
    environment: dict[str, str]
    server: CairnServer

    def __call__(self, script: str, **variables: str) -> dict:
        """`variables` reach the script in its environment, beside the server's endpoint and credentials."""
        environment = (
            self.environment
            | {
                "CAIRN_ENDPOINT": self.server.endpoint,
                "ACCESS_KEY_ID": self.server.credentials.access_key_id,
                "SECRET_ACCESS_KEY": self.server.credentials.secret_access_key,
            }
            | variables
        )
        return json.loads(run(["node", str(self.scripts / script)], environment))
