"""The gate, whatever comes in whatever order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .test_gate import Hall


class Crowd(RuleBasedStateMachine):
    """Any number of turns, a GLM that bears some, anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.hall = Hall()
        self.next = 0
        self.inside: set[int] = set()
        self.waiting: list[int] = []

    @rule()
    def arrive(self) -> None:
        self.waiting.append(self.next)
        self.next += 1
        self.ask()

    def ask(self) -> None:
        """Let all ask, last first, until a call changes nothing: as the turns' tasks may."""
        changed = True
        while changed:
            calls = self.hall.calls
            came = [t for t in sorted(self.waiting, reverse=True) if self.hall.gate.may_enter(t)]
            assert len(came) <= 1
            for ticket in came:
                assert ticket == min(self.waiting)
                self.waiting.remove(ticket)
                self.inside.add(ticket)
            changed = self.hall.calls > calls

    @precondition(lambda self: self.inside)
    @rule(data=st.data(), how=st.sampled_from(["well", "badly", "refused", "accepted"]))
    def go_on(self, data: st.DataObject, how: str) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.inside)))
        if how == "accepted":
            self.hall.gate.accepted(ticket)
        elif how == "refused":
            self.hall.gate.refused(ticket, 0.5)
            self.inside.remove(ticket)
            self.waiting.append(ticket)
        else:
            self.hall.gate.left(ticket, well=how == "well")
            self.inside.remove(ticket)
        self.ask()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave_queue(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.waiting)))
        self.waiting.remove(ticket)
        self.hall.gate.left(ticket)
        self.ask()

    @rule()
    def time_goes_by(self) -> None:
        self.hall.now += 1
        self.ask()

    @invariant()
    def nobody_waits_before_an_open_gate(self) -> None:
        gate = self.hall.gate
        assert gate.limit >= 1
        room = len(self.inside) < gate.limit and not gate.seconds_shut
        assert not (room and self.waiting)


Crowd.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCrowd = Crowd.TestCase
