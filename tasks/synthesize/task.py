"""The Prefect shell of synthesis. Knows nothing of retries: they are the flow's (`flows/run/policies.py`)."""

from __future__ import annotations

from prefect import task

from tasks.synthesize.render import RenderJob, SpokenBatch, run_job


@task(name="synthesize batch", persist_result=False)
def synthesize_batch(job: RenderJob) -> SpokenBatch:
    """Renders one batch; see `tasks.synthesize.render.run_job`."""
    return run_job(job)
