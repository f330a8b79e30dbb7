"""Pebble, an ACME authority for tests, with a name server that sends every name to 127.0.0.1.

Debian has both. Pebble asks at the ports it is given, so that a server that listens on free ports can be asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import trustme

START_SECONDS_MAX = 60
LOOK_SECONDS = 0.05
# How long one look lasts.
ANSWER_SECONDS_MAX = 5
# Linux gives the ports from 32,768 on to whoever asks for any, other systems those from 49,152 on.
FREE_PORT_MIN = 20_000
FREE_PORT_MAX = 32_000

_given: set[int] = set()


def is_installed() -> bool:
    """Whether this machine has Pebble and its name server."""
    return all(shutil.which(command) for command in ("pebble", "pebble-challtestsrv"))


def free_port() -> int:
    """A port nobody uses now and nobody is given later.

    It lies below those the kernel gives to whoever asks for any, because between the answer and its use, and from a
    stop to the next start, another test's connection would take one of those now and then.
    """
    while True:
        port = random.randrange(FREE_PORT_MIN, FREE_PORT_MAX + 1)
        if port in _given:
            continue
        _given.add(port)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def look_up(port: int) -> None:
    """Asks the name server over UDP, as Pebble does; raises OSError if there is no answer."""
    # A header with one question, which is for the address of `example`.
    question = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\x07example\x00" + struct.pack("!2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(ANSWER_SECONDS_MAX)
        asking.connect(("127.0.0.1", port))
        asking.send(question)
        asking.recv(512)


class AcmeAuthority:
    """One Pebble with its name server; asks challenges at `http_port` and `tls_port` of 127.0.0.1."""

    def __init__(self, directory: Path, http_port: int, tls_port: int) -> None:
        self._directory = directory
        self._ports = {"httpPort": http_port, "tlsPort": tls_port}
        self._processes = ExitStack()
        self._listen = f"127.0.0.1:{free_port()}"
        self._manage = f"127.0.0.1:{free_port()}"
        authority = trustme.CA()
        self.ca_file = directory / "pebble-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._certificate = authority.issue_cert("127.0.0.1")

    @property
    def directory_url(self) -> str:
        """What `acme_directory` is set to."""
        return f"https://{self._listen}/dir"

    def start(self) -> AcmeAuthority:
        """Returns once it answers at all its ports, and its name server does."""
        certificate, key = self._directory / "pebble.pem", self._directory / "pebble.key"
        self._certificate.cert_chain_pems[0].write_to_path(str(certificate))
        self._certificate.private_key_pem.write_to_path(str(key))
        settings = self._ports | {
            "listenAddress": self._listen,
            "managementListenAddress": self._manage,
            "certificate": str(certificate),
            "privateKey": str(key),
        }
        configuration = self._directory / "pebble.json"
        configuration.write_text(json.dumps({"pebble": settings}))
        names_port = free_port()
        names = f"127.0.0.1:{names_port}"
        off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]
        manage = f"127.0.0.1:{free_port()}"
        running = [
            self._run(["pebble-challtestsrv", *off, "-dns01", names, "-management", manage]),
            self._run(["pebble", "-config", str(configuration), "-dnsserver", names]),
        ]
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self._fetch(self.directory_url)
                self.root()
                look_up(names_port)
                return self
            except OSError:
                if time.monotonic() > deadline or any(process.poll() is not None for process in running):
                    self.stop()
                    raise AssertionError(self.log()) from None
                time.sleep(LOOK_SECONDS)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        # Challenges would be looked at later, and authorizations be kept for later orders, by chance. So are nonces
        # refused, one in twenty; clients ask again.
        environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}
        with self._log_file.open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process

    def stop(self) -> None:
        """Ends both processes."""
        self._processes.close()

    def root(self) -> str:
        """The PEM root of the certificates it issues; another one with every start."""
        return self._fetch(f"https://{self._manage}/roots/0").decode()

    def _fetch(self, url: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with urllib.request.urlopen(url, context=context) as answer:
            return answer.read()

    @property
    def _log_file(self) -> Path:
        return self._directory / "pebble.log"

    def log(self) -> str:
        """What both printed."""
        return self._log_file.read_text(errors="replace")
