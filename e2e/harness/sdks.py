"""The SDKs that take the same tour of an S3 server, each by a program in its own language.

`cargo xtask e2e` builds the programs that need building and puts them on `PATH`. The tour's script is the same for
all: what is stored, read, listed and refused, and in which words a program reports it; `tests/test_every_sdk.py`
has what each must have seen.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.commands import run
from harness.server import CairnServer


@dataclass(frozen=True)
class Sdk:
    """One SDK, and the command that takes the tour with it."""

    name: str
    command: tuple[str, ...]

    def tour(self, server: CairnServer, environment: dict[str, str], **variables: str) -> dict:
        """Takes the tour and returns what was seen. `variables` name the bucket, the keys and the file to upload."""
        need_program(self.command[0])
        environment = (
            environment
            | {
                "CAIRN_ENDPOINT": server.endpoint,
                "ACCESS_KEY_ID": server.credentials.access_key_id,
                "SECRET_ACCESS_KEY": server.credentials.secret_access_key,
            }
            | variables
        )
        return json.loads(run(list(self.command), environment))


def need_program(program: str) -> None:
    """Skips the test if the program, whose tool chain cannot be installed everywhere, is missing. CI must have it."""
    if shutil.which(program):
        return
    message = f"{program} is not on PATH; `cargo xtask e2e` says why"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def all_sdks(directory: Path) -> list[Sdk]:
    """Every SDK with a tour; `directory` is that of the end-to-end tests."""
    return [
        Sdk("aws-sdk v2 for JavaScript", ("node", str(directory / "js/tour_v2.mjs"))),
        Sdk("aws-sdk-s3 for Rust", ("cairn-tour-rust",)),
        Sdk("aws-sdk-go-v2", ("cairn-tour-go",)),
        Sdk("aws-sdk-s3 for Ruby", ("ruby", str(directory / "ruby/tour.rb"))),
    ]
