"""The code blocks of R2's documentation, made runnable by replacing their placeholders and nothing else."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent.parent / "pages"


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
