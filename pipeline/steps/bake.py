"""Tests an endpoint while the old fleet is still warm; a failing test lets SageMaker shift back.

A move with a wait bakes: SageMaker watches the release's alarms and takes the move back when one
rings. One of them rings by what is published here. Whoever is killed in between loses nothing: the
move ends by SageMaker, and the next run tests what has arrived.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from pipeline.context import Workspace
from pipeline.core import bake, naming
from pipeline.core.bake import Mixture
from pipeline.core.errors import PipelineError
from pipeline.core.head import Move, MoveKind, Strategy
from pipeline.core.outcomes import Bake, EndpointObservation, EndpointStatus, ProbeCase, ProbeReport
from pipeline.core.records import Release
from pipeline.gateways.ports import Over
from pipeline.gateways.runtime import Answer
from pipeline.material.dividing import HeldOutRows
from pipeline.steps.probe import held_out, one_row, probe
from pipeline.tabular.cells import label_of

logger = logging.getLogger(__name__)

# Between two looks. The alarm's period is 10 s, so a failure is said again in each of them.
_PAUSE_S = 2.0
# Of the held-out rows so many are asked for one by one in each look at a part of the traffic: its
# wait must not end before they are, and other looks add to what they say.
_MOST_ROWS = 200


class BakeTests:
    """The tests of one move. `failed` is the report that was the reason of a veto."""

    def __init__(
        self, workspace: Workspace, release: Release, move: Move, *, instance_count: int
    ) -> None:
        self.failed: ProbeReport | None = None
        self._workspace = workspace
        self._rows = held_out(workspace, release)
        self._some = _spread(self._rows)
        self._limits = workspace.settings.test_limits_for(release.evaluation)
        self._config = naming.endpoint_config_name(workspace.context.endpoint, move.target)
        self._at_once = move.deployment_config.strategy is Strategy.ALL_AT_ONCE
        self._share = bake.share_at_most(move.deployment_config, instance_count)
        self._seen = Mixture()
        self._before: tuple[str, ...] | None = None

    def ask_before(self) -> None:
        """Ask the old fleet for some rows, where two fleets will answer side by side."""
        if not self._at_once:
            answers = [_label(each) for each in self._answers()]
            self._before = tuple(answers) if all(answers) else None

    def meanwhile(self, over: Over) -> None:
        """Test until the move is over, and object as long as a test has failed."""
        while True:
            try:
                self._look()
            except PipelineError as error:
                logger.warning("the tests during the bake go on: %s", error.message)
            if over(_PAUSE_S):
                return

    def _look(self) -> None:
        seen = self._workspace.hosting.observe(self._workspace.context.endpoint)
        if seen.bake is Bake.NONE or seen.pending_config != self._config:
            return
        if self.failed is None:
            self.failed = self._failing(seen)
        if self.failed is not None:
            logger.error("the tests of %s fail during its bake: SageMaker is told", self._config)
            self._workspace.alarms.veto(self._config)

    def _failing(self, seen: EndpointObservation) -> ProbeReport | None:
        """Test once; return what fails, and nothing where nothing is sure."""
        if seen.bake is Bake.WHOLE or self._at_once:
            report = probe(self._workspace, self._rows, self._limits)
            return None if report.passed or report.is_inconclusive else report
        if self._before is None:
            return None  # the old fleet did not answer each row either
        self._seen = self._seen.plus(self._mixture(self._before))
        against = bake.objection(self._seen, self._limits, share=self._share)
        if against is None:
            return None
        case = ProbeCase(name="canary", passed=False, detail=against, duration_s=0.0)
        return ProbeReport(
            endpoint_name=seen.name, cases=(case,), prediction_accuracy=None, latency=None
        )

    def _mixture(self, before: Sequence[str]) -> Mixture:
        numbers = self._some.numbers  # another model's are others, and neither wrong nor right
        pairs = zip(self._answers(), before, self._some.labels, strict=True)
        judged = [(a, b, right) for a, b, right in pairs if a.is_of_the_model]
        return Mixture(
            asked=len(judged),
            failed=sum(not answer.ok for answer, _, _ in judged),
            newly_wrong=sum(
                answer.ok and not numbers and _label(answer) not in (earlier, right)
                for answer, earlier, right in judged
            ),
        )

    def _answers(self) -> list[Answer]:
        rows, ask = self._some, self._workspace.calls.ask
        return [ask(one_row(rows, number)) for number in range(len(rows.rows))]


def _spread(rows: HeldOutRows) -> HeldOutRows:
    """Return at most so many rows as a look asks for, from all over the file: it may be sorted."""
    step = -(-len(rows.rows) // _MOST_ROWS)
    return replace(
        rows, rows=rows.rows[::step], labels=rows.labels[::step], numbers=rows.numbers[::step]
    )


def _label(answer: Answer) -> str:
    """Return the one label of an answer; empty for none."""
    labels = answer.labels if answer.ok else ()
    return label_of(labels[0]) if len(labels) == 1 else ""


def bake_tests(
    workspace: Workspace,
    release: Release,
    move: Move,
    before: EndpointObservation,
    *,
    instance_count: int,
) -> BakeTests | None:
    """Return the tests of a deployment that bakes; None for any other move."""
    is_new = move.kind is MoveKind.DEPLOYMENT and before.status is EndpointStatus.IN_SERVICE
    if not is_new or bake.waits_s(move.deployment_config) == 0:
        return None
    return BakeTests(workspace, release, move, instance_count=instance_count)
