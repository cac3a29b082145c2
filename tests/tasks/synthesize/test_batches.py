from hypothesis import given
from hypothesis import strategies as st

from tasks.synthesize.batches import RenderItem, plan_batches, speech_seconds

ITEMS = st.lists(st.text("ab ", max_size=400), max_size=60).map(
    lambda texts: [RenderItem(f"key of {text}", text) for text in texts]
)


@given(ITEMS, st.integers(1, 9), st.floats(1, 60))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(items, max_items, batch_seconds):
    batches = plan_batches(items, batch_seconds=batch_seconds, max_items=max_items)
    batched = [item for batch in batches for item in batch]
    assert sorted(item.utterance_key for item in batched) == sorted({item.utterance_key for item in items})
    for batch in batches:
        assert 0 < len(batch) <= max_items
        assert len(batch) == 1 or sum(speech_seconds(item.spoken) for item in batch) <= batch_seconds + 1e-6


@given(ITEMS)
def test_like_lengths_go_together(items):
    lengths = [len(item.spoken) for batch in plan_batches(items, batch_seconds=40, max_items=8) for item in batch]
    assert lengths == sorted(lengths, reverse=True)


def test_order_of_items_does_not_matter():
    items = [RenderItem(str(n), "word " * (n % 7)) for n in range(30)]
    assert plan_batches(items, batch_seconds=40, max_items=4) == plan_batches(
        items[::-1], batch_seconds=40, max_items=4
    )
