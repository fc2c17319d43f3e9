"""The recogniser: its library and its model. `secondline model check` tries it with a recording."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pbx.config.settings import Engine
from pbx.doctor.finding import Finding, ok, problem
from pbx.doctor.place import Place

SUBJECT = "recogniser"
_LIBRARIES = {Engine.MOONSHINE: "moonshine_voice", Engine.VOSK: "vosk", Engine.WHISPER: "faster_whisper"}


async def look(place: Place) -> list[Finding]:
    if place.practice is None:
        return []
    chosen = place.practice.settings.recognizer
    there = importlib.util.find_spec(_LIBRARIES[chosen.engine]) is not None
    found = [judge_library(chosen.engine, there), judge_model(chosen.model)]
    if place.status:
        part = place.status["components"]["transcriber"]
        found.append(judge_worker(bool(part["ok"]), str(part["detail"])))
    return found


def judge_library(engine: Engine, there: bool) -> Finding:
    if not there:
        extra = "secondline[whisper]" if engine is Engine.WHISPER else "the program's requirements"
        return problem(SUBJECT, "engine", f"{engine} is not installed", f"Install {extra}, or choose another engine.")
    return ok(SUBJECT, "engine", engine.value)


def judge_model(folder: Path | None) -> Finding:
    if folder is None:
        return ok(SUBJECT, "model", "comes with the engine")
    if not folder.is_dir() or not any(folder.iterdir()):
        return problem(SUBJECT, "model", f"{folder} is empty or missing", "Run: secondline model install")
    return ok(SUBJECT, "model", str(folder))


def judge_worker(works: bool, detail: str) -> Finding:
    if not works:
        return problem(SUBJECT, "at work", detail, "Try it by itself: secondline model check")
    return ok(SUBJECT, "at work", detail)
