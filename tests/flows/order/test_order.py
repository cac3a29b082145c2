"""What a run costs before anything is spoken."""

import subprocess
import sys


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
