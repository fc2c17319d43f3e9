"""Models are installed whole and as they are known, from a publisher that breaks off, moves away, or is not honest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from voicemail.models.catalogue import MODELS, Model, ModelFile, model_named
from voicemail.models.fetch import FetchProblem, Progress, fetch
from voicemail.models.install import RECORD, InstallProblem, Wanted, install

CONTENT = bytes(range(256)) * 12_000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Publisher:
    """Serves `files` by name; breaks off after `breaks_after` bytes, once."""

    files: dict[str, bytes] = field(default_factory=dict)
    breaks_after: int | None = None
    moved_to: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    known = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            known.asked.append((name, self.headers["Range"]))
            if name in known.moved_to:
                self.send_response(302)
                self.send_header("Location", known.moved_to[name])
                self.end_headers()
            elif name not in known.files:
                self.send_error(404)
            else:
                self._send(known.files[name])

        def _send(self, data: bytes) -> None:
            first = int(self.headers["Range"][6:-1]) if self.headers["Range"] else 0
            if first >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            end, known.breaks_after = known.breaks_after, None
            self.wfile.write(data[first:end])
            if end is not None:
                self.connection.close()

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}"
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def silent(name: str) -> Progress:
    return lambda done, total: None


def whisper(publisher: Publisher) -> Model:
    publisher.files = {"model.bin": CONTENT, "config.json": b"{}"}
    files = tuple(ModelFile(publisher.url(name), sha256(data), 0.1) for name, data in publisher.files.items())
    return Model("whisper-tiny.en", "whisper", "", "MIT", 1000, files)


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def vosk(publisher: Publisher, packed: bytes, known: bool = True) -> Model:
    publisher.files = {"small.zip": packed}
    file = ModelFile(publisher.url("small.zip"), sha256(packed) if known else None, 0.1)
    return Model("small", "vosk", "", "Apache-2.0", 1000, (file,), archive=True)


def test_a_model_is_fetched_checked_and_put_into_its_folder(publisher: Publisher, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    folder = install(Wanted(whisper(publisher), tmp_path), lambda name: lambda done, total: seen.append((done, total)))
    assert folder == tmp_path / "whisper-tiny.en"
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin", RECORD]
    assert (len(CONTENT), len(CONTENT)) in seen
    assert [path.name for path in tmp_path.iterdir()] == ["whisper-tiny.en"]


def test_doing_it_again_asks_nobody(publisher: Publisher, tmp_path: Path) -> None:
    wanted = Wanted(whisper(publisher), tmp_path)
    install(wanted, silent)
    publisher.asked.clear()
    assert install(wanted, silent) == tmp_path / "whisper-tiny.en"
    assert publisher.asked == []


def test_what_breaks_off_goes_on_where_it_stopped(publisher: Publisher, tmp_path: Path) -> None:
    wanted = Wanted(whisper(publisher), tmp_path)
    publisher.breaks_after = 1_000_000
    with pytest.raises(FetchProblem, match="goes on where it stopped"):
        install(wanted, silent)
    assert not (tmp_path / "whisper-tiny.en").exists()
    publisher.asked.clear()
    assert (install(wanted, silent) / "model.bin").read_bytes() == CONTENT
    name, asked_from = publisher.asked[0]
    assert name == "model.bin"
    assert asked_from is not None and asked_from.startswith("bytes=") and asked_from != "bytes=0-"


def test_a_whole_file_that_was_only_not_renamed_is_not_fetched_again(publisher: Publisher, tmp_path: Path) -> None:
    [file, _] = whisper(publisher).files
    (tmp_path / "model.bin.part").write_bytes(CONTENT)
    assert fetch(file, file.url, tmp_path / "model.bin", silent("")) == sha256(CONTENT)
    assert (tmp_path / "model.bin").read_bytes() == CONTENT


def test_another_file_than_the_known_one_is_refused_and_deleted(publisher: Publisher, tmp_path: Path) -> None:
    model = whisper(publisher)
    publisher.files["model.bin"] = CONTENT[::-1]
    with pytest.raises(FetchProblem, match=r"model\.bin is not the file that is known here"):
        install(Wanted(model, tmp_path), silent)
    assert not list(tmp_path.rglob("model.bin*"))


def test_without_a_known_checksum_somebody_must_vouch_for_the_file(publisher: Publisher, tmp_path: Path) -> None:
    packed = zipped(small__am__final_mdl=b"model")
    model = vosk(publisher, packed, known=False)
    with pytest.raises(InstallProblem, match="give the publisher's with --sha256"):
        install(Wanted(model, tmp_path), silent)
    with pytest.raises(FetchProblem, match="is not the file"):
        install(Wanted(model, tmp_path, sha256={"small.zip": "0" * 64}), silent)
    folder = install(Wanted(model, tmp_path, sha256={"small.zip": sha256(packed)}), silent)
    assert (folder / "am" / "final_mdl").read_bytes() == b"model"


def test_a_file_that_is_trusted_as_it_comes_has_its_checksum_written_down(publisher: Publisher, tmp_path: Path) -> None:
    packed = zipped(small__README=b"model")
    folder = install(Wanted(vosk(publisher, packed, known=False), tmp_path, trust_first=True), silent)
    assert sha256(packed) in (folder / RECORD).read_text()


def test_a_checksum_that_contradicts_the_known_one_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(InstallProblem, match="leave --sha256 out"):
        install(Wanted(whisper(publisher), tmp_path, sha256={"model.bin": "0" * 64}), silent)


def test_a_copy_from_elsewhere_will_do(publisher: Publisher, tmp_path: Path) -> None:
    model = whisper(publisher)
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, data in publisher.files.items():
        (stick / name).write_bytes(data)
    assert (install(Wanted(model, tmp_path / "models", str(stick)), silent) / "model.bin").read_bytes() == CONTENT
    assert publisher.asked == []
    with pytest.raises(FetchProblem, match="is not there"):
        install(Wanted(replace(model, key="other"), tmp_path / "models", str(tmp_path / "none")), silent)


@pytest.mark.parametrize("name", ["..__escape", "__etc__passwd", "small__..__..__escape"])
def test_an_archive_that_would_write_elsewhere_is_refused(publisher: Publisher, tmp_path: Path, name: str) -> None:
    model = vosk(publisher, zipped(**{name: b"evil"}))
    with pytest.raises(InstallProblem, match="was not unpacked"):
        install(Wanted(model, tmp_path / "models"), silent)
    assert not list(tmp_path.rglob("escape"))


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (b"no zip at all", "damaged"),
        (zipped(one__a=b"", two__b=b""), "does not hold one model"),
        (zipped(), "one model"),
    ],
)
def test_an_archive_that_is_no_model_is_refused(publisher: Publisher, tmp_path: Path, packed: bytes, says: str) -> None:
    with pytest.raises(InstallProblem, match=says):
        install(Wanted(vosk(publisher, packed), tmp_path), silent)


def test_a_publisher_that_has_moved_or_is_away_is_said_in_one_sentence(publisher: Publisher, tmp_path: Path) -> None:
    model = whisper(publisher)
    publisher.files.clear()
    with pytest.raises(FetchProblem, match="answers 404"):
        install(Wanted(model, tmp_path), silent)
    with pytest.raises(FetchProblem, match="cannot be reached"):
        install(Wanted(model, tmp_path, "http://127.0.0.1:1"), silent)


def test_a_publisher_sends_on_to_its_store_but_never_to_an_open_line(publisher: Publisher, tmp_path: Path) -> None:
    model = whisper(publisher)
    publisher.files["store"] = CONTENT
    publisher.moved_to["model.bin"] = publisher.url("store")
    assert (install(Wanted(model, tmp_path), silent) / "model.bin").read_bytes() == CONTENT
    publisher.moved_to["model.bin"] = "http://192.0.2.1/model.bin"
    with pytest.raises(FetchProblem, match="over https only"):
        install(Wanted(model, tmp_path / "again"), silent)
    with pytest.raises(FetchProblem, match="over https only"):
        install(Wanted(model, tmp_path / "more", "http://192.0.2.1"), silent)


def test_what_was_put_there_by_hand_is_not_touched(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "whisper-tiny.en").mkdir()
    with pytest.raises(InstallProblem, match="was not installed by this command"):
        install(Wanted(whisper(publisher), tmp_path), silent)


def test_more_than_fits_is_not_begun(publisher: Publisher, tmp_path: Path) -> None:
    model = whisper(publisher)
    huge = replace(model, files=(replace(model.files[0], megabytes=1e12),))
    with pytest.raises(InstallProblem, match="make room"):
        install(Wanted(huge, tmp_path), silent)
    assert publisher.asked == []


def test_every_model_of_the_list_comes_from_its_publisher_with_a_whole_checksum_or_none() -> None:
    for model in MODELS:
        assert model_named(model.key) is model
        for file in model.files:
            assert file.url.startswith(("https://alphacephei.com/", "https://huggingface.co/Systran/"))
            assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32
