"""`python -m tests.fuzz.run TARGET CORPUS OPTION...`: libFuzzer on one target, in this process, which it ends."""

from __future__ import annotations

import logging
import sys

import atheris  # type: ignore[import-untyped, unused-ignore]

with atheris.instrument_imports(include=["agi", "pbx.ami", "pbx.config.document", "voicemail.audio"]):
    from tests.fuzz.targets import TALKATIVE, TARGETS


def main() -> None:
    name, *options = sys.argv[1:]
    for logger in TALKATIVE:
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
