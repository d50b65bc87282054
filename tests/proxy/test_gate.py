"""The gate: pure, under a clock of the test's own."""

from __future__ import annotations

import pytest
from codex_glm.proxy.turns.gate import Gate


class Hall:
    """A gate, its clock, and how often it called."""

    def __init__(self, fixed: int = 0) -> None:
        self.now = 100.0
        self.calls = 0
        self.gate = Gate(lambda: self.now, self._called, fixed)

    def _called(self) -> None:
        self.calls += 1

    def enter(self, *tickets: int) -> list[int]:
        """Let each ask, and give those who came in."""
        return [ticket for ticket in tickets if self.gate.may_enter(ticket)]

    def learn(self, bears: int) -> None:
        """Let the gate learn how many GLM bears."""
        tickets = [-n for n in range(bears + 1, 0, -1)]
        self.enter(*tickets)
        for ticket in tickets[:-1]:
            self.gate.accepted(ticket)
        self.enter(tickets[-1])
        self.gate.refused(tickets[-1], 0)
        for ticket in tickets:
            self.gate.left(ticket)


def test_first_come_first_served() -> None:
    hall = Hall(fixed=1)
    assert hall.enter(1, 2, 3) == [1]
    assert hall.enter(1) == [1], "who is in stays in"
    hall.gate.left(1)
    assert hall.enter(3) == []
    assert hall.enter(2, 3) == [2]
    assert [hall.gate.ahead_of(ticket) for ticket in (2, 3, 4)] == [0, 0, 1]


def test_slow_start() -> None:
    hall = Hall()
    assert hall.enter(*range(10)) == [0, 1, 2, 3]
    for ticket in range(4):
        hall.gate.accepted(ticket)
    assert hall.gate.limit == 8
    assert hall.enter(*range(4, 10)) == [4, 5, 6, 7]
    assert not hall.gate.learned


def test_a_lone_turn_never_waits() -> None:
    hall = Hall()
    for ticket in range(50):
        assert hall.enter(ticket) == [ticket]
        hall.gate.accepted(ticket)
        hall.gate.left(ticket, well=True)
    assert hall.gate.limit == 4


@pytest.mark.parametrize("bears", [1, 2, 3])
def test_a_refusal_teaches_what_glm_bears(bears: int) -> None:
    hall = Hall()
    hall.enter(*range(4))
    for ticket in range(bears):
        hall.gate.accepted(ticket)
    for ticket in range(bears, 4):
        hall.gate.refused(ticket, 2.0)
    assert (hall.gate.limit, hall.gate.learned) == (bears, True)


def test_a_refusal_before_any_acceptance() -> None:
    hall = Hall()
    hall.enter(0, 1, 2)
    hall.gate.refused(2, 0)
    assert hall.gate.limit == 2, "the others may be borne"
    hall.gate.accepted(0)
    hall.gate.refused(1, 0)
    assert hall.gate.limit == 1
    hall.gate.refused(0, 0)
    assert hall.gate.limit == 1


def test_who_was_taken_in_before_the_lesson_counts() -> None:
    hall = Hall()
    hall.enter(0, 1, 2)
    hall.gate.refused(2, 0)
    hall.gate.refused(1, 0)
    hall.now += 1
    hall.gate.accepted(0)
    assert hall.gate.limit == 1
    hall.gate.left(0)
    assert hall.enter(1, 2) == [1]


def test_nobody_enters_for_a_while_after_a_refusal() -> None:
    hall = Hall()
    hall.enter(0, 1)
    hall.gate.accepted(0)
    hall.gate.refused(1, 2.0)
    hall.gate.left(0)
    assert hall.enter(1, 2) == []
    assert hall.gate.seconds_shut == 2.0
    hall.now += 2
    assert hall.gate.seconds_shut == 0
    assert hall.enter(2) == [], "the refused one goes first, whoever asks first"
    assert hall.enter(1) == [1]


def test_a_refused_ticket_that_gives_up_bars_nobody() -> None:
    hall = Hall(fixed=1)
    hall.enter(0)
    hall.gate.refused(0, 0)
    hall.gate.left(0)
    assert hall.enter(1) == [1]


def test_probing_upward_slowly() -> None:
    hall = Hall()
    hall.learn(2)
    for ticket in range(7):
        assert hall.enter(ticket) == [ticket]
        hall.gate.left(ticket, well=True)
    assert hall.gate.limit == 2
    hall.enter(7)
    hall.gate.left(7, well=True)
    assert hall.gate.limit == 3, "four turns for each of two places ended well"


def test_what_did_not_end_well_proves_nothing() -> None:
    hall = Hall()
    hall.learn(1)
    for ticket in range(20):
        hall.enter(ticket)
        hall.gate.left(ticket)
    assert hall.gate.limit == 1


def turns_until_probe(hall: Hall, first: int) -> int:
    limit = hall.gate.limit
    for count in range(1, 200):
        hall.enter(first + count)
        hall.gate.left(first + count, well=True)
        if hall.gate.limit > limit:
            return count
    raise AssertionError("never probed")


def test_a_probe_that_fails_makes_the_next_come_later() -> None:
    hall = Hall()
    hall.learn(1)
    needed = []
    for first in range(1000, 8000, 1000):
        needed.append(turns_until_probe(hall, first))
        hall.enter(first + 500, first + 501)
        hall.gate.accepted(first + 500)
        hall.gate.refused(first + 501, 0)
        hall.gate.left(first + 501)
        hall.gate.left(first + 500)
        assert hall.gate.limit == 1
    assert needed == [4, 8, 16, 32, 64, 64, 64]


def test_a_fixed_number_is_kept() -> None:
    hall = Hall(fixed=2)
    assert hall.enter(0, 1, 2) == [0, 1]
    for ticket in (0, 1):
        hall.gate.accepted(ticket)
    hall.gate.refused(1, 1.0)
    hall.now += 1
    assert hall.enter(1, 2) == [1]
    for ticket in range(3, 60):
        hall.gate.left(ticket - 2, well=True)
        hall.enter(ticket)
    assert (hall.gate.limit, hall.gate.learned) == (2, False)


@pytest.mark.parametrize("leaver", [0, 1, 2])
def test_who_leaves_makes_room_and_calls(leaver: int) -> None:
    hall = Hall(fixed=2)
    hall.enter(0, 1, 2, 3, 4)
    before = hall.calls
    hall.gate.left(leaver)
    assert hall.calls == before + 1
    assert hall.enter(2, 3, 4) == ([2] if leaver < 2 else [])


def test_who_enters_calls_the_next_if_there_is_room() -> None:
    hall = Hall(fixed=2)
    hall.enter(0, 1, 2, 3)
    hall.gate.left(0)
    hall.gate.left(1)
    before = hall.calls
    assert hall.enter(3) == [], "asked too early: nobody wakes it but the one before"
    assert hall.enter(2) == [2]
    assert hall.calls == before + 1
    assert hall.enter(3) == [3]
    assert hall.calls == before + 1


def test_leaving_twice_or_unknown_changes_nothing() -> None:
    hall = Hall(fixed=1)
    hall.enter(0)
    hall.gate.left(0)
    hall.gate.left(0, well=True)
    hall.gate.left(9)
    hall.gate.accepted(9)
    assert hall.enter(1, 2) == [1]


def test_a_released_gate_lets_everybody_in() -> None:
    woken: list[int] = []
    gate = Gate(lambda: 0.0, lambda: woken.append(1), fixed=1)
    assert gate.may_enter(1)
    assert not gate.may_enter(2)
    gate.refused(1, 9.0)
    gate.release()
    assert woken
    assert all(gate.may_enter(ticket) for ticket in (1, 2, 3))
