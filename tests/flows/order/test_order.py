"""What a run costs before anything is spoken, and what the keys of its utterances are made of."""

import subprocess
import sys

from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from tasks.synthesize.keys import utterance_key
from tests.flows.samples import add_voice


def test_an_order_with_all_its_keys_loads_no_network(tmp_path):
    """So a command that finds everything done answers at once."""
    book = tmp_path / "book.txt"
    book.write_text("It was late in the evening when he came home, and nobody was there.\n\nThe end.\n")
    script = (
        "import sys\n"
        "from flows.order.order import prepare\n"
        "from flows.order.request import Request\n"
        "from flows.order.existing import find_finished\n"
        "from flows.services import open_services, read_settings\n"
        "with open_services(read_settings(synthesize={'voice': 'slt'})) as services:\n"
        f"    order = prepare(services, Request(book={str(book)!r}, out={str(tmp_path / 'out')!r}))\n"
        "    services.database\n"
        "    assert len(order.keyed) == 2\n"
        "    assert find_finished(order) is None\n"
        "print(sorted({'torch', 'prefect'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"TALEPRESS_HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
        timeout=120,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_the_key_of_an_utterance_has_the_voice_that_speaks_it(voiced_home, book, tmp_path):
    add_voice(voiced_home, "low", pitch_hz=80)
    book.write_text("# One\n\n“Stop at once!” said Tom, and the men at the gate stood still.\n", "utf-8")
    cast = tmp_path / "cast.toml"
    cast.write_text('[characters.Tom]\nvoice = "low"\n', "utf-8")
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out"), cast=str(cast)))
        voices = [item.utterance.voice for item in order.keyed]
        assert sorted(set(voices)) == ["", "low"]
        for item, voice in zip(order.keyed, voices, strict=True):
            digest = services.voice(voice or "tone").digest
            model = services.front_end.digest
            assert item.key == utterance_key(
                item.utterance.spoken, digest, model, order.sampling, services.precision
            ), item.utterance.text
