"""What is said on the urgent path: to the caller, and to whoever is fetched.

Nothing here is about a patient. A number is read out digit by digit, so that no sound of it is ever made or kept.
"""

from __future__ import annotations

from pbx.domain.actions import Urgent, leaves_in
from pbx.domain.policy import Greeting, Policy
from pbx.domain.urgent_path import LATER_PROMPT, PROBLEM_PROMPT, STILL_PROMPT, TAKEN_PROMPT, WAIT_PROMPT

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

TEXTS = {
    PROBLEM_PROMPT: (
        "This is the urgent line of {practice}. We take your message, then we call the person on call for you. "
        "After the tone, say your name and what the problem is. Then press pound."
    ),
    "urgent-number": (
        "Key in the number at which you can be called back, then press pound. "
        "If it is the one you are calling from, just press pound."
    ),
    "urgent-number-needed": "Key in the number at which you can be called back, then press pound.",
    "urgent-number-heard": "The number is",
    "urgent-number-right": "If that is right, press 1. If not, press star.",
    WAIT_PROMPT: (
        "Your message is saved. We are calling the person on call now. Please stay on the line. "
        "If you hang up, or if we are cut off, you will be called back."
    ),
    STILL_PROMPT: (
        "Nobody has answered yet, and we go on trying. Please stay on the line, or hang up and you will be called back."
    ),
    TAKEN_PROMPT: "The person on call has your message, and will call you back. Goodbye.",
    LATER_PROMPT: "Nobody could be reached yet. We go on trying, and you will be called back.",
    "page-hello": "There is an urgent call for {practice}. Key in your pin, then press pound.",
    "page-wrong": "That is not right. Key in your pin, then press pound.",
    "page-locked": "No pin is taken from you now. The call goes to the next person. Goodbye.",
    "page-passed": "The call goes to the next person. Goodbye.",
    "page-no-message": "There is no message to be heard.",
    "page-waiting": (
        "The caller is on the line. To talk to the caller now, press 1. To take the message and call back, press 2. "
        "To hear the message again, press 3. For the number, press 4. To pass it on, press 9."
    ),
    "page-unproven": "Your pin cannot be checked now. The caller is on the line. To talk to the caller, press 1.",
    "page-gone": "The caller has hung up, and is to be called back.",
    "page-relay": (
        "To take the message and call back, press 2. To hear the message again, press 3. For the number, press 4. "
        "To pass it on, press 9."
    ),
    "page-number": "The number to call is",
    "page-no-number": "No number is known.",
    "page-taken": "The message is yours. Please call back. Goodbye.",
    "page-others": "Somebody else has taken it. Goodbye.",
    "page-not-noted": "This cannot be written down now, so you may be called again. Please call back.",
    **{f"digit-{digit}": word for digit, word in enumerate(_DIGITS)},
}


def urgent_prompts(policy: Policy) -> dict[str, Greeting]:
    """The prompts of the urgent path; none where no number leads there."""
    leaves = (leaf for number in policy.numbers.values() for leaf in leaves_in((*number.opened, *number.closed)))
    if not any(isinstance(leaf, Urgent) for leaf in leaves):
        return {}
    return {name: Greeting(name, text=text.format(practice=policy.practice)) for name, text in TEXTS.items()}
