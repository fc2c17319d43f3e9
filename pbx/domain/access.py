"""What the holder of a token may see and do now: what the practice's file gives, and never more than the token says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pbx.domain.actions import Urgent, Voicemail, leaves_in
from pbx.domain.inbox import How, Who
from pbx.domain.overridden import rings_person
from pbx.domain.override import Override, Scope
from pbx.domain.policy import Number, Policy
from pbx.domain.texting_rules import lines_of
from pbx.domain.token import Token, TokenScope


@dataclass(frozen=True, slots=True)
class Access:
    """`who` acts, and sees `mailboxes` (keys) and the calls of `numbers` (E.164); None: every one."""

    who: Who
    token: Token
    mailboxes: frozenset[str] | None
    numbers: frozenset[str] | None

    @property
    def person(self) -> str | None:
        """The person's key; None for a program."""
        return self.token.person

    @property
    def unlimited(self) -> bool:
        """Whether it is for the whole practice: of a program, and for all mailboxes and numbers."""
        return self.person is None and self.mailboxes is None and self.numbers is None

    def allows(self, scope: TokenScope) -> bool:
        return scope in self.token.scopes

    def sees_mailbox(self, mailbox: str) -> bool:
        return self.mailboxes is None or mailbox in self.mailboxes

    def sees_number(self, number: str) -> bool:
        """Whether calls to (or from) a number of the practice may be seen."""
        return self.numbers is None or number in self.numbers

    def sees_override(self, one: Override) -> bool:
        """Whether an override may be shown: those for all, and those for what is one's own."""
        return one.scope is Scope.PRACTICE or self.may_override(one.scope, one.target)

    def may_override(self, scope: Scope, target: str) -> bool:
        """Whether an override for `target` may be set and ended."""
        if self.unlimited:
            return True
        if scope is Scope.NUMBER:
            return self.sees_number(target)
        return scope is Scope.PERSON and self.person is not None and target == self.person


def access_of(policy: Policy, token: Token) -> Access | None:
    """What a token gives; None where its person is not in the practice's file any more."""
    if token.person is None:
        name = f"token/{token.name}"
        who = Who(name, name, How.API, token.mailboxes)
        boxes = None if token.mailboxes is None else frozenset(token.mailboxes)
    elif token.person in policy.people:
        who = Who.person(token.person, How.API, only=token.mailboxes)
        boxes = frozenset(_own(policy, token.person, token.mailboxes))
    else:
        return None
    return Access(who, token, boxes, _numbers(policy, token, boxes))


def text_lines(policy: Policy, access: Access) -> tuple[str, ...] | None:
    """The practice numbers (E.164) whose texts may be seen and written, in the order of the file; None: every one.

    A person's are those that the file gives to that person. A program's are the numbers that its token names, or else
    those whose texts are for the owner of one of its mailboxes.
    """
    if access.unlimited:
        return None
    token, lines = access.token, policy.texting.lines
    mine = tuple(lines) if token.person is None else lines_of(policy.texting, token.person)
    named = token.numbers is not None
    if token.mailboxes is not None and not (named and token.person is None):
        mine = tuple(line for line in mine if lines[line].to in token.mailboxes)
    return tuple(line for line in mine if line in token.numbers) if token.numbers is not None else mine


def _own(policy: Policy, person: str, only: tuple[str, ...] | None) -> Iterator[str]:
    for box, members in policy.members.items():
        if person in members and (only is None or box in only):
            yield box


def _numbers(policy: Policy, token: Token, boxes: frozenset[str] | None) -> frozenset[str] | None:
    given = None if token.numbers is None else frozenset(token.numbers)
    if boxes is None or (token.person is None and given is not None):
        return given
    rung = token.person if token.mailboxes is None else None
    lines = policy.numbers.values()
    found = frozenset(line.e164 for line in lines if _leads_to(policy, line, boxes, rung))
    return found if given is None else found & given


def _leads_to(policy: Policy, line: Number, boxes: frozenset[str], person: str | None) -> bool:
    actions = (*line.opened, *line.closed)
    kept = {action.mailbox for action in leaves_in(actions) if isinstance(action, Voicemail | Urgent)}
    return bool(kept & boxes) or (person is not None and rings_person(policy, line, person))
