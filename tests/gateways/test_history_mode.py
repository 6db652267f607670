"""Mode history on the embedded AWS: the ledger's lines and the approvals of this model's jobs."""

from pathlib import Path

import pytest

from emulator.tests.support.embedded import Embedded
from pipeline.context import workspace_of
from pipeline.core.foundation import Foundation
from pipeline.core.history import tell
from pipeline.core.records import Approval
from pipeline.steps.history import history
from tests.gateways.test_logs_mode import a_workspace
from tests.unit.core_builders import NOON, an_empty_head

pytestmark = pytest.mark.emulated


def test_approvals_of_this_model_stand_among_what_was_done(
    embedded: Embedded, tmp_path: Path
) -> None:
    bucket, s3 = embedded.a_bucket(), embedded.client("s3")
    for job in ("iris-classifier-20260102-110000", "wine-20260102-110000"):
        given = Approval(
            training_job=job, artifact_sha256="a" * 64, who="=grace", when=NOON, reason="fine"
        )
        s3.put_object(Bucket=bucket, Key=f"jobs/{job}/approval.json", Body=given.to_json().encode())
        s3.put_object(Bucket=bucket, Key=f"jobs/{job}/evaluation.json", Body=b"{}")
    context = a_workspace(embedded, tmp_path, "watched").context
    workspace = workspace_of(context, Foundation.of_bucket(bucket))
    head = tell(an_empty_head(), "deployed", who="ada", when=NOON, details={"release": "r-1"})
    workspace.ledger.write(workspace.ledger.read(), head)

    found = history(workspace)

    assert [event.what for event in found.events] == ["deployed"]
    assert [each.training_job for each in found.approvals] == ["iris-classifier-20260102-110000"]
    table = (tmp_path / "history.csv").read_text(encoding="utf-8")
    assert '"\'=grace"' in table
    assert "wine" not in table
