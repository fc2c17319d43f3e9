"""The calls of the demonstration in their order, each a real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pbx.demo import doctor_scenes, night_scenes, office_scenes, out_scenes, text_scenes
from pbx.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Scene:
    """One call of a patient, and what is around it; or texts without a call."""

    title: str
    play: Callable[[Stage], Awaitable[None]]

    @property
    def calls(self) -> int:
        """How many calls the log has of it."""
        return 0 if self.play in _WITHOUT_CALLS else 1


_TOLD = (
    ("In hours: the physician answers", office_scenes.in_hours_answered),
    ("The physician leaves early: *71 closes the line, and *74 undoes it", doctor_scenes.closed_by_phone),
    ("In hours, nobody answers: ring, then a message", office_scenes.in_hours_no_answer),
    ("On house calls: the cell rings, and 1 takes the call", doctor_scenes.cell_rings),
    ("A phone tree: two keys, and the message lies with the nurse", office_scenes.chooses_in_a_menu),
    ("After hours: straight to the greeting and a message", office_scenes.after_hours_message),
    ("A caller without a number hangs up during the greeting", office_scenes.hangs_up_in_greeting),
    ("After hours, a nursing home with priority rings through", night_scenes.priority_caller),
    ("An urgent call: the physician on call is fetched, and talks to the patient", night_scenes.urgent_call),
    ("A call back from the softphone: the patient sees the practice", out_scenes.calls_back),
    ("A patient texts; the answer is written on the softphone", text_scenes.texts),
)
_WITHOUT_CALLS = (text_scenes.texts,)

SCENES = tuple(Scene(f"{number}. {title}", play) for number, (title, play) in enumerate(_TOLD, 1))
