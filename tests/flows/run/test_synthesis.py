"""What synthesis sees to before it speaks."""

import os
import subprocess
import sys

BEGIN = """
import sys
from flows.order.order import prepare
from flows.order.request import Request
from flows.run.synthesis import speak
from flows.services import open_services, read_settings
with open_services(read_settings()) as services:
    order = prepare(services, Request(book=sys.argv[1], out=sys.argv[2]))
    assert "torch" not in sys.modules, "preparing does without"
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    chapter = next(speak(order, order.keyed[-1:], None, lambda: False))
    print(chapter, "torch" in sys.modules and hasattr(sys.modules["torch"], "Tensor"))
"""


def test_torch_is_imported_whole_before_the_first_chapter_goes_to_mastering(book, voiced_home):
    """A run that is continued masters at once what was spoken before, while its first batch would import PyTorch."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN, str(book), str(book.parent / "out")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["0", "True"]), done.stderr
