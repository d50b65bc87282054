from codex_glm.translation.wire.item_ids import ItemIds


def test_ids_follow_the_response_and_the_order() -> None:
    ids = ItemIds("abc")
    assert [ids.take(), ids.take()] == [("abc00", 0), ("abc01", 1)]
