"""Which utterances share a batch: every one once, none too many, those that waited first."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.synthesize.batches import WINDOW_BATCHES, Backlog, RenderItem, is_last_attempt, speech_seconds

ITEMS = st.lists(st.text("ab ", max_size=400), max_size=60).map(
    lambda texts: [RenderItem(f"key of {text}", text) for text in texts]
)


def batches_of(items, **limits):
    return list(iter(Backlog(items, **limits).next_batch, None))


@given(ITEMS, st.integers(1, 9), st.floats(1, 60))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(items, max_items, batch_seconds):
    batches = batches_of(items, batch_seconds=batch_seconds, max_items=max_items)
    batched = [item for batch in batches for item in batch]
    assert sorted(item.utterance_key for item in batched) == sorted({item.utterance_key for item in items})
    for batch in batches:
        assert 0 < len(batch) <= max_items
        assert len(batch) == 1 or sum(speech_seconds(item.spoken) for item in batch) <= batch_seconds + 1e-6
        assert [len(item.spoken) for item in batch] == sorted((len(item.spoken) for item in batch), reverse=True)


@given(ITEMS, st.integers(1, 9))
def test_the_text_that_has_waited_longest_goes_next(items, max_items):
    """So a chapter is finished within a window of its last text, however odd the lengths of its texts are."""
    waiting = list({item.utterance_key: item for item in items}.values())
    for batch in batches_of(items, batch_seconds=40, max_items=max_items):
        assert waiting[0] in batch
        assert all(waiting.index(item) < WINDOW_BATCHES * max_items for item in batch)
        waiting = [item for item in waiting if item not in batch]


def test_like_lengths_go_together():
    items = [RenderItem(str(n), "word " * (1 + 9 * (n % 4))) for n in range(64)]
    batches = batches_of(items, batch_seconds=1000, max_items=8)
    assert [len(batch) for batch in batches] == [8] * 8
    assert all(len({item.spoken for item in batch}) == 1 for batch in batches)


def test_a_text_that_is_put_back_comes_next_as_another_attempt_among_others():
    backlog = Backlog([RenderItem(str(n), "word", voice="ann") for n in range(9)], batch_seconds=40, max_items=3)
    first = backlog.next_batch()
    backlog.put_back("1")
    second = backlog.next_batch()
    assert RenderItem("1", "word", 1, "ann") in second
    assert len(first) == len(second) == 3
    backlog.clear()
    assert backlog.next_batch() is None
    backlog.put_back("1")
    assert backlog.next_batch() == (RenderItem("1", "word", 2, "ann"),)


def test_attempts_go_in_rounds():
    assert [attempt for attempt in range(9) if is_last_attempt(attempt, retakes=2)] == [2, 5, 8]
    assert all(is_last_attempt(attempt, retakes=0) for attempt in range(3))


def test_fourteen_characters_are_a_second_as_they_are_heard():
    """By this batches are filled, and books are forecast."""
    assert speech_seconds("x" * 21) == 1.5
    assert speech_seconds("{T AH0 M EY1 T OW0}") == speech_seconds("tuh-may-toh")
