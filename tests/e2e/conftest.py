"""What the end-to-end tests share: one PBX a module, and people with telephones."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pbx.demo.patient import Patient
from pbx.demo.softphone import Softphone
from pbx.demo.speech import tone
from tests.kit.asterisk import PATIENT, Pbx, a_practice, running
from tests.kit.network import PHONES, TRUNK, sip_address

PatientMaker = Callable[..., Awaitable[Patient]]
PhoneMaker = Callable[..., Awaitable[Softphone]]

SPOKEN = 440.0
"""What the patients of these tests say is a tone: a recording can be held against it second by second."""


_LONGEST = (
    *("test_mailbox", "test_urgent", "test_fail_safe", "test_server", "test_keeping", "test_degraded"),
    *("test_calls_out_on_record", "test_codes", "test_asterisk_process", "test_moving", "test_menus"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: a worker takes a file at a time, and none is to begin a long one when others end."""
    items.sort(key=lambda item: _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST))


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """A PBX of its own for each module."""
    with running(tmp_path_factory.mktemp("pbx"), a_practice()) as pbx:
        yield pbx


@pytest.fixture
async def people() -> AsyncIterator[AsyncExitStack]:
    """Keeps the SIP clients of a test and ends them with it."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def a_patient(people: AsyncExitStack, tmp_path: Path) -> PatientMaker:
    """Makes a patient at the carrier's address."""
    count = itertools.count()

    async def make(number: str = PATIENT) -> Patient:
        return await people.enter_async_context(Patient(tmp_path / f"patient{next(count)}", number, sip_address(TRUNK)))

    return make


@pytest.fixture
def a_phone(people: AsyncExitStack, tmp_path: Path) -> PhoneMaker:
    """Makes a softphone, registered where `pbx` is given."""
    count = itertools.count()

    async def make(name: str, pbx: Pbx | None = None, *, plain: bool = False) -> Softphone:
        folder = tmp_path / f"{name}{next(count)}"
        phone = await people.enter_async_context(Softphone(folder, name, f"{PHONES}:0", plain=plain))
        if pbx is not None:
            await phone.register(pbx.server, pbx.machine.secrets.phone(name))
        return phone

    return make


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], Awaitable[Path]]:
    """Gives a WAV of so many seconds of the spoken tone."""
    folder = tmp_path_factory.mktemp("words")

    async def make(seconds: float) -> Path:
        wav = folder / f"{seconds}.wav"
        if not wav.exists():
            await tone(SPOKEN, seconds, wav)
        return wav

    return make
