"""`python -m tests.bench.review_page`: how long the review page of a book with 10,000 utterances takes.

Bars: the first byte within 0.3 s, the whole page within 1 s, on two cores. Figures are the worst of several tries.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from storage.records import (
    Block,
    BlockKind,
    Book,
    Chapter,
    Coverage,
    Decision,
    DecisionKind,
    KeyedUtterance,
    PauseKind,
    Script,
    Take,
    Utterance,
    Verdict,
)
from tasks.review.web.access import Keys, host_names
from tasks.review.web.app import make_app
from tests.tasks.review.library import RATE, SOURCE, Started, make_shelf, open_library, tone

CHAPTERS = 50
SENTENCES = 200  # of a chapter
TRIES = 7
FIRST_BYTE_S = 0.3
WHOLE_PAGE_S = 1.0
PAGES = {
    "doubtful": "",
    "all": "?show=all",
    "all, the last page": "?show=all&page=400",
    "rejected": "?show=rejected",
    "words": "?show=all&words=lamp",
    "a chapter": "?show=all&chapter=25",
    "one sentence": "/places/25:100",
}


def fill(folder: Path) -> None:
    """Makes the library: every third take is doubtful; half of the utterances are approved, some are rejected."""
    database, store = open_library(folder)
    chapters = [[f"Sentence {c}.{s} of the lamp, which is long." for s in range(SENTENCES)] for c in range(CHAPTERS)]
    book = Book(
        "A Long Book",
        ("Ann Author",),
        "en",
        SOURCE,
        tuple(
            Chapter(c, f"Chapter {c + 1}", tuple(Block(BlockKind.PARAGRAPH, text) for text in texts))
            for c, texts in enumerate(chapters)
        ),
    )
    utterances = tuple(
        Utterance(c, s, s, 0, len(text), text, text, PauseKind.SENTENCE)
        for c, texts in enumerate(chapters)
        for s, text in enumerate(texts)
    )
    address = store.put_bytes(tone(1))
    doubt = ("misspelled: -2.1 nats a character",)
    takes = [
        Take(
            f"{number:064x}",
            utterance.text,
            0,
            1,
            address,
            RATE,
            RATE // 2,
            Verdict.DOUBTFUL if number % 3 == 0 else Verdict.OK,
            doubt if number % 3 == 0 else (),
        )
        for number, utterance in enumerate(utterances)
    ]
    now = datetime.now(UTC)
    with database.unit_of_work() as uow:
        uow.books.save(book, Script(utterances, (), Coverage(1, 1, 0, 0)))
        uow.books.assign_keys(SOURCE, [KeyedUtterance(utterance, utterance.text) for utterance in utterances])
        uow.takes.add(takes)
        uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in takes})
        for number in range(0, len(takes), 2):
            kind = DecisionKind.REJECT if number % 100 == 0 else DecisionKind.APPROVE
            uow.decisions.add(
                SOURCE, Decision(kind, "Ann", now, text=takes[number].utterance_key, take_key=takes[number].key)
            )
        uow.takes.choose_decided(SOURCE)
        uow.commit()
    database.close()


def measure(port: int, address: str, **headers: str) -> tuple[float, float, float, int, int]:
    """Seconds to the first byte, to the last, and of computing (page and browser together); bytes, status."""
    began = time.perf_counter()
    computed = time.process_time()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    first = answer.read(1)
    first_s = time.perf_counter() - began
    size = len(first + answer.read())
    return first_s, time.perf_counter() - began, time.process_time() - computed, size, answer.status


def main() -> None:
    """Prints a line for each page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        database, store = open_library(folder)
        config = uvicorn.Config("", port=0, log_level="error")
        listener = config.bind_socket()
        port = listener.getsockname()[1]
        shelf = make_shelf(database, store, Started(), folder / "inbox")
        app = make_app(shelf, Keys(b"0" * 32, host_names("127.0.0.1", port)))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        print(f"{CHAPTERS * SENTENCES} utterances, {TRIES} tries: median (worst) seconds")
        for title, rest in PAGES.items():
            tries = [measure(port, f"/books/{SOURCE[:16]}{rest}") for _ in range(TRIES)]
            firsts = [first for first, *_ in tries]
            wholes = [whole for _, whole, *_ in tries]
            kept = max(firsts) < FIRST_BYTE_S and max(wholes) < WHOLE_PAGE_S
            print(
                f"{title:20} first byte {statistics.median(firsts):.3f} ({max(firsts):.3f})  "
                f"whole {statistics.median(wholes):.3f} ({max(wholes):.3f})  "
                f"computing {statistics.median(cpu for _, _, cpu, *_ in tries):.3f}  {tries[0][3] >> 10} kB  "
                f"status {tries[0][4]}  {'kept' if kept else 'MISSED'}"
            )
        sound = measure(port, f"/audio/takes/{0:064x}", Range="bytes=1000-2000")
        print(f"a part of a sound    whole {sound[1]:.3f}  status {sound[4]}")
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
