"""What a run leaves with Prefect for people to read: the report, the flagged takes, and the log lines of our packages.

Knows nothing of how the report came about.
"""

from __future__ import annotations

import logging

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows.order.report import RunReport, flagged_rows, report_markdown
from flows.run.server import LOGGED_PACKAGES


def send_logs() -> None:
    """Lets our packages' loggers pass on INFO, so that Prefect's handlers get it; a level that is set stays.

    `PREFECT_LOGGING_EXTRA_LOGGERS` gives them the handlers, but no level: they would inherit the root's WARNING.
    """
    for package in LOGGED_PACKAGES:
        logger = logging.getLogger(package)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)


def show_report(book: str, report: RunReport) -> None:
    """Makes the report's artifacts in the flow run that is under way; `book` is the book's sha256."""
    create_markdown_artifact(report_markdown(report), key=f"report-{book[:16]}", description=report.title)
    create_table_artifact(
        flagged_rows(report.flagged), key=f"flagged-{book[:16]}", description="takes that the checks doubt"
    )
    if report.review:
        create_link_artifact(
            report.review, link_text="hear and decide", key=f"review-{book[:16]}", description=report.waits_for
        )
