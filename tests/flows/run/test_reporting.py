"""What people find of a run on Prefect's page."""

import logging
from dataclasses import replace

import pytest

from flows.order.report import flagged_rows, report_markdown
from flows.run import reporting
from tests.flows.order.test_report import REPORT


@pytest.fixture
def made(monkeypatch):
    """The artifacts that were made, by kind."""
    artifacts = {}
    for kind in ("markdown", "table", "link"):
        name = f"create_{kind}_artifact"
        monkeypatch.setattr(
            reporting, name, lambda content, kind=kind, **rest: artifacts.update({kind: (content, rest)})
        )
    return artifacts


@pytest.mark.parametrize("review", ["", "http://page"])
def test_the_report_and_what_is_doubted_are_shown_by_book(made, review):
    report = replace(REPORT, review=review, waits_for="2 takes")
    reporting.show_report("b" * 64, report)
    assert made.pop("markdown") == (
        report_markdown(report),
        {"key": f"report-{'b' * 16}", "description": report.title},
    )
    content, rest = made.pop("table")
    assert (content, rest["key"]) == (flagged_rows(report.flagged), f"flagged-{'b' * 16}")
    link = (review, {"link_text": "hear and decide", "key": f"review-{'b' * 16}", "description": "2 takes"})
    assert made == ({"link": link} if review else {})


def test_our_packages_say_what_they_do_unless_somebody_has_set_how_much(monkeypatch):
    packages = reporting.LOGGED_PACKAGES
    before = {name: logging.getLogger(name).level for name in packages}
    try:
        for name in packages:
            logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(packages[0]).setLevel(logging.ERROR)
        reporting.send_logs()
        assert [logging.getLogger(name).level for name in packages] == [
            logging.ERROR,
            *[logging.INFO] * (len(packages) - 1),
        ]
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
