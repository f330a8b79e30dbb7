"""The code blocks of R2's documentation, made runnable by replacing their placeholders and nothing else, and run."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.commands import isolated_environment, run
from harness.server import CairnServer

E2E_DIRECTORY = Path(__file__).parent.parent
DIRECTORY = E2E_DIRECTORY / "pages"


def page(name: str, replacements: dict[str, str] | None = None) -> str:
    """The block `name` with every placeholder replaced; each must be there, or the block is not what was thought."""
    text = (DIRECTORY / name).read_text()
    for placeholder, value in (replacements or {}).items():
        assert placeholder in text, f"{name} has no {placeholder!r}"
        text = text.replace(placeholder, value)
    return text


def shown_tree(text: str) -> set[str]:
    """The paths a drawing of `tree` shows, whether printed or quoted in a comment; the order is not kept."""
    paths: set[str] = set()
    parents: list[str] = []
    for line in text.splitlines():
        line = line.removeprefix("# ").replace("\u00a0", " ")
        branch = max(line.find("├── "), line.find("└── "))
        if branch >= 0:
            parents[branch // 4 :] = [line[branch + 4 :]]
            paths.add("/".join(parents))
    # A folder is told by what is below it.
    return {path for path in paths if not any(other.startswith(path + "/") for other in paths)}


def placeholders(server: CairnServer, endpoint: str, access_key_id: str, secret_access_key: str) -> dict[str, str]:
    """What stands for endpoint and credentials in a page, and what this server has for them."""
    return {
        endpoint: server.endpoint,
        access_key_id: server.credentials.access_key_id,
        secret_access_key: server.credentials.secret_access_key,
    }


def newer(server: CairnServer) -> dict[str, str]:
    """The placeholders of the pages of 2026."""
    endpoint = "https://<ACCOUNT_ID>.r2.cloudflarestorage.com"
    return placeholders(server, endpoint, "<ACCESS_KEY_ID>", "<SECRET_ACCESS_KEY>")


def older(server: CairnServer) -> dict[str, str]:
    """The placeholders of the pages of 2025."""
    endpoint = "https://<accountid>.r2.cloudflarestorage.com"
    return placeholders(server, endpoint, "<access_key_id>", "<access_key_secret>")


def python(script: str, directory: Path) -> str:
    """Runs a page's Python as `python example.py`."""
    (directory / "example.py").write_text(script)
    return run([sys.executable, "example.py"], isolated_environment(directory), directory)


def node(script: str, directory: Path, server: CairnServer) -> str:
    """Runs a page's JavaScript as `node example.mjs`, with the names its template strings use."""
    modules = directory / "node_modules"
    if not modules.exists():
        modules.symlink_to(E2E_DIRECTORY / "node_modules")
    names = "const { ACCESS_KEY_ID, SECRET_ACCESS_KEY } = process.env;\n"
    (directory / "example.mjs").write_text(names + script)
    credentials = {
        "ACCESS_KEY_ID": server.credentials.access_key_id,
        "SECRET_ACCESS_KEY": server.credentials.secret_access_key,
    }
    return run(["node", "example.mjs"], isolated_environment(directory) | credentials, directory)


def shell(script: str, directory: Path, environment: dict[str, str]) -> str:
    """Runs a page's shell commands; the first that fails ends them."""
    return run(["sh", "-e", "-c", script], environment, directory)


def links(printed: str) -> list[str]:
    """The lines that are URLs."""
    return [line for line in printed.splitlines() if line.startswith("http")]
