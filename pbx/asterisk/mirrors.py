"""Which Debian mirrors this machine uses, read from its own apt sources (sources.list(5), both formats)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ARCHIVE_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
_SUITES = {"oldstable", "stable", "testing", "unstable", "sid", "bullseye", "bookworm", "trixie", "forky"}
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<parts>.+)$")


@dataclass(frozen=True)
class Mirror:
    """One Debian archive: its address as apt wants it, and the keyring that its signature is checked with."""

    uri: str
    keyring: Path


def mirrors(apt_folder: Path, keyrings: tuple[Path, ...] = ARCHIVE_KEYRINGS) -> list[Mirror]:
    """The archives under `apt_folder` (/etc/apt) that carry a Debian suite, likeliest first, each once.

    Security and update suites live beside the archive, so only a suite's plain name counts. Somebody else's
    repository may use such a name too: it is tried later, and fails on Debian's signature.
    """
    default = next((keyring for keyring in keyrings if keyring.exists()), keyrings[0])
    found: dict[str, Mirror] = {}
    for uri, suites, components, signed_by in _entries(apt_folder):
        if "main" in components and _SUITES.intersection(suites) and not uri.startswith("cdrom:"):
            own = Path(signed_by)
            keyring = own if own.is_absolute() and own.exists() else default
            found.setdefault(uri.rstrip("/"), Mirror(uri.rstrip("/"), keyring))
    return sorted(found.values(), key=lambda mirror: not mirror.uri.endswith("/debian"))


def _entries(apt_folder: Path) -> Iterator[tuple[str, list[str], list[str], str]]:
    """(address, suites, components, Signed-By) of each active source of binary packages."""
    parts = apt_folder / "sources.list.d"
    for path in [apt_folder / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            yield from _one_line(path.read_text(encoding="utf-8", errors="replace"))
    for path in sorted(parts.glob("*.sources")):
        yield from _deb822(path.read_text(encoding="utf-8", errors="replace"))


def _one_line(text: str) -> Iterator[tuple[str, list[str], list[str], str]]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            options = dict(item.split("=", 1) for item in (match["options"] or "").split() if "=" in item)
            yield match["uri"], [match["suite"]], match["parts"].split(), options.get("signed-by", "")


def _deb822(text: str) -> Iterator[tuple[str, list[str], list[str], str]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            for uri in fields.get("uris", "").split():
                yield (
                    uri,
                    fields.get("suites", "").split(),
                    fields.get("components", "").split(),
                    fields.get("signed-by", ""),
                )


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in (" ", "\t") and name:
            fields[name] = f"{fields[name]}\n{line.strip()}".strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
