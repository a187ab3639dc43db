"""The transition table on its own; the moves of real things are tested in their apps."""

from huiyin.engines.flow.machine import Flow, Move


def test_the_table_names_every_state() -> None:
    flow = Flow(
        (Move("begin", ("new",), "open", "x.begin", "Begin"), Move("end", ("open",), "done", "x.end", "End"))
    )
    assert flow.states() == {"new", "open", "done"}
    assert flow.move("end").target == "done"
