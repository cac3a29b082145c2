"""A Dask cluster within the test's own process, and jobs for it."""

import distributed
import pytest

from configs.settings import load_settings
from storage.artifacts import ArtifactStore
from tasks.synthesize.render import RenderJob
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.presets import SamplingSettings


@pytest.fixture
def trial(home, tmp_path):
    """The job without batches by which workers are tried."""
    home.mkdir()
    store = ArtifactStore(tmp_path / "artifacts")
    store.put_bytes(b"something")
    store.mark("this library")
    return RenderJob(
        batches=(),
        voices={},
        sampling=SamplingSettings(),
        engine="fake",
        model="sound",
        model_digest=FakeEngine().digest,
        precision="float32",
        qa=load_settings().qa,
        store=ArtifactStore(tmp_path / "artifacts", "this library"),
    )


def local_cluster(**options):
    """A scheduler and one worker with a device, in threads of this process."""
    return distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        dashboard_address="127.0.0.1:0",
        resources={"GPU": 1},
        memory_limit=0,
        **options,
    )


@pytest.fixture
def cluster():
    with local_cluster() as cluster:
        yield cluster
