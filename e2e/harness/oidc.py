"""OpenID providers: npm's `oidc-provider` with accounts that everybody may log in as, on a port of this machine.

It runs on the Node that comes for wrangler: it wants a newer one than distributions have.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import requests

from harness.commands import isolated_environment
from harness.wrangler import NODE_DIRECTORY

# Where a client of a provider is registered, and where a browser comes back to at a protected domain.
REGISTRATION = "/reg"
CALLBACK = "/cdn-cgi/access/callback"

ACCOUNTS = {
    "ann": {"email": "Ann@Example.com", "email_verified": True, "groups": ["staff", "all"]},
    "bob": {"email": "bob@partner.example", "email_verified": True, "groups": ["staff"]},
    "eve": {"email": "eve@elsewhere.example", "email_verified": True, "groups": ["all"]},
    "mallory": {"email": "ann@example.com", "email_verified": False, "groups": []},
}


class OidcProvider:
    """One provider process; its issuer is known once it is started."""

    def __init__(self, home: Path, host: str, lean: bool = False, tls: tuple[Path, Path] | None = None) -> None:
        self.host = host
        environment = isolated_environment(home)
        self._environment = environment | {
            "PATH": os.pathsep.join([str(NODE_DIRECTORY), environment["PATH"]]),
            "ACCOUNTS": json.dumps(ACCOUNTS),
            "HOST": host,
            "LEAN_ID_TOKENS": "1" if lean else "",
        }
        if tls:
            self._environment |= {"TLS_CHAIN": str(tls[0]), "TLS_KEY": str(tls[1])}
        self._log = home / f"{host}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.issuer = ""

    def start(self, script: Path) -> OidcProvider:
        """Returns once it listens."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["node", str(script)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        self.issuer = self._process.stdout.readline().decode().strip()
        assert self.issuer, self._log.read_text()
        return self

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def register(self, site: str, verify: str | bool = True, **metadata: str) -> tuple[str, str]:
        """Registers whoever protects `site` (RFC 7591), and returns its id and secret."""
        client = {"redirect_uris": [site + CALLBACK], "grant_types": ["authorization_code"]} | metadata
        answer = requests.post(self.issuer + REGISTRATION, json=client, timeout=30, verify=verify)
        assert answer.ok, answer.text
        registered = answer.json()
        return registered["client_id"], registered["client_secret"]
