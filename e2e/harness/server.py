"""The `cairn` process as a user runs it: started from the command line, known by its ready file, ended by a signal.

Nothing here reads the server's log to learn its state: the ready file says when it listens and with which
credentials, the exit code says how it ended. The log is kept to be shown when something failed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
# How long one look at the process lasts while its ready file is awaited.
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Credentials:
    """What a client needs besides the endpoint."""

    access_key_id: str
    secret_access_key: str


class ServerDidNotStart(AssertionError):
    """The process ended, or wrote no ready file in time; carries its exit code and its log."""


class CairnServer:
    """One `cairn serve` and the directory it writes its ready file and log into."""

    def __init__(
        self,
        binary: Path,
        directory: Path,
        arguments: list[str],
        temporary_directory: Path | None = None,
        listen: str = "127.0.0.1:0",
    ) -> None:
        self._listen = listen
        self._binary = binary
        self._directory = directory
        self._arguments = arguments
        self._environment = os.environ | ({"TMPDIR": str(temporary_directory)} if temporary_directory else {})
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.ready: dict[str, object] = {}

    @property
    def ready_file(self) -> Path:
        """A new file for each start, so that an old one never looks like a new answer."""
        return self._directory / f"ready-{self.starts}.json"

    @property
    def log_file(self) -> Path:
        """Everything the process printed, of all its starts."""
        return self._directory / "server.log"

    @property
    def endpoint(self) -> str:
        """The URL clients are given, without a slash at its end."""
        return str(self.ready["endpoint"]).rstrip("/")

    @property
    def account_id(self) -> str:
        """The id of the root account."""
        return str(self.ready["account_id"])

    @property
    def credentials(self) -> Credentials:
        """The root account's S3 key pair."""
        return Credentials(str(self.ready["access_key_id"]), str(self.ready["secret_access_key"]))

    @property
    def api_base(self) -> str:
        """The REST API's URL: what stands for `https://api.cloudflare.com/client/v4`."""
        return f"{self.endpoint}/client/v4"

    @property
    def api_token(self) -> str:
        """The root token's value. Only the first start on a data directory tells it."""
        return str(self.ready["api_token"])

    @property
    def process_id(self) -> int:
        """The id of the process that was started here."""
        assert self._process is not None, "the server was never started"
        return self._process.pid

    def start(self) -> CairnServer:
        """Starts the process and returns once its ready file is there."""
        assert self._process is None, "the server runs already"
        self.starts += 1
        command = self.command(self.ready_file)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, cwd=self._directory
            )
        self._await_ready_file()
        return self

    def command(self, ready_file: Path) -> list[str]:
        """The command line of `start`, for tests that start a second process themselves."""
        return [
            str(self._binary),
            "serve",
            *self._arguments,
            "--listen",
            self._listen,
            "--ready-file",
            str(ready_file),
        ]

    def _await_ready_file(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.ready_file.exists():
            exit_code = self._exited(LOOK_SECONDS)
            if exit_code is not None:
                raise ServerDidNotStart(f"exit code {exit_code} before the ready file\n{self.log()}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerDidNotStart(f"no ready file after {START_SECONDS_MAX} s\n{self.log()}")
        # The file appears whole or not at all: that is the server's promise, so one read is enough.
        self.ready = json.loads(self.ready_file.read_text())

    def _exited(self, wait_seconds: float) -> int | None:
        assert self._process is not None, "the server was never started"
        try:
            return self._process.wait(timeout=wait_seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Asks the process to stop (SIGTERM) and does not wait."""
        os.kill(self.process_id, signal.SIGTERM)

    def await_exit(self) -> int:
        """Waits for the process to end and returns its exit code."""
        exit_code = self._exited(STOP_SECONDS_MAX)
        if exit_code is None:
            self.kill()
            raise AssertionError(f"still running {STOP_SECONDS_MAX} s after it was asked to stop\n{self.log()}")
        self._process = None
        return exit_code

    def stop(self) -> int:
        """Stops the process as an operator does and returns its exit code."""
        self.terminate()
        return self.await_exit()

    def kill(self) -> None:
        """Ends the process at once (SIGKILL); it gets no chance to tidy up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def peak_memory_bytes(self) -> int:
        """The most memory the process has had resident at any moment so far."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """The end of what the process printed."""
        return self.log_file.read_text(errors="replace")[-20_000:] if self.log_file.exists() else ""

    def panicked(self) -> bool:
        """Whether any thread of the process ever panicked; a request that dies of it may still look like a refusal."""
        return self.log_file.exists() and b"panicked at" in self.log_file.read_bytes()
