"""The Prefect shell of synthesis. Knows nothing of retries: they are the flow's (`flows/run/policies.py`)."""

from __future__ import annotations

from prefect import task

from tasks.synthesize.render import RenderJob, SpokenBatch, run_job


@task(name="synthesize", persist_result=False)
def synthesize(job: RenderJob) -> SpokenBatch:
    """Speaks one job; see `tasks.synthesize.render.run_job`."""
    return run_job(job)
