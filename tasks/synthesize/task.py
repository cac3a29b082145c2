"""The Prefect shell of synthesis. Retries come from the flow (`flows/run/policies.py`)."""

from __future__ import annotations

from prefect import task

from tasks.synthesize.render import RenderJob, SpokenBatch, run_job


@task(name="synthesize batch", persist_result=False)
def synthesize_batch(job: RenderJob) -> SpokenBatch:
    """Speaks one batch; see `tasks.synthesize.render.render_batch`."""
    return run_job(job)
