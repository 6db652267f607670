"""The safety checks of the software, each with a way to remove it and a test that falls then."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.project import PROJECT_ROOT


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check is in `file`; without it, `text` reads `instead`. `test` is a node id of pytest."""

    name: str
    file: str
    text: str
    instead: str
    test: str

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def removed(self) -> str:
        """Return the file without the check. Raises ValueError where the text is not there once."""
        whole = (PROJECT_ROOT / self.file).read_text(encoding="utf-8")
        if whole.count(self.text) != 1:
            message = f"{self.name}: {self.file} has {whole.count(self.text)} times {self.text!r}"
            raise ValueError(message)
        return whole.replace(self.text, self.instead)

    @property
    def is_named(self) -> bool:
        """Tell whether the test is there under its name."""
        file, _, function = self.test.partition("::")
        source = Path(PROJECT_ROOT / file).read_text(encoding="utf-8")
        return f"def {function}(" in source


def _guard(name: str, text: str, instead: str, test: str) -> Check:
    return Check(
        name=f"plan guard: {name}",
        file="pipeline/core/plan_review.py",
        text=text,
        instead=instead,
        test=f"tests/unit/test_plan_review.py::{test}",
    )


def _digest(name: str, text: str, instead: str) -> Check:
    return Check(
        name=f"digest: {name}",
        file="pipeline/core/plan_digest.py",
        text=text,
        instead=instead,
        test="tests/unit/test_plan_digest.py::test_any_other_difference_has_another_digest",
    )


def _record(name: str, text: str, instead: str) -> Check:
    return Check(
        name=f"reviewed plan: {name}",
        file="pipeline/core/plan_record.py",
        text=text,
        instead=instead,
        test="tests/unit/test_plan_record.py::test_each_refusal_shows_what_differs_and_what_to_type",
    )


_TWO_HANDS = "tests/unit/test_ledger_in_two_hands.py"

CHECKS = (
    _guard(
        "no endpoint is replaced that did not fail",
        "change.action is Action.REPLACE and intent.is_failed and intent.moves:",
        "change.action is Action.REPLACE and intent.moves:",
        "test_an_endpoint_that_did_not_fail_is_never_replaced",
    ),
    _guard(
        "a pruning deletes what it names",
        "if change.address in intent.removable and change.action is Action.DELETE:",
        "if intent.removable and change.action is Action.DELETE:",
        "test_a_pruning_deletes_nothing_else",
    ),
    _guard(
        "the endpoint points at the target",
        "if served == [wanted]:",
        "if served:",
        "test_an_endpoint_pointed_elsewhere_is_refused",
    ),
    _guard(
        "a move changes nothing else of the endpoint",
        "    if foreign:",
        "    if not foreign and foreign:",
        "test_an_endpoint_changed_in_anything_else_is_refused",
    ),
    _guard(
        "no deposed object is deleted",
        "    if change.deposed:\n",
        "    if change.deposed and not change.address:\n",
        "test_a_deposed_object_is_refused",
    ),
    Check(
        name="truth: SageMaker says what serves, not Terraform",
        file="pipeline/steps/move.py",
        text="if not seen.serves(naming.endpoint_config_name(book.head.endpoint, target)):",
        instead="if applied.exit_code:",
        test="tests/simulation/test_truth.py::"
        "test_terraform_s_success_is_none_where_sagemaker_serves_what_it_did",
    ),
    Check(
        name="ledger: the head is replaced with If-Match",
        file="pipeline/gateways/ledger.py",
        text="else self._store.replace(key, body, etag=read.etag)",
        instead="else str(self._store.put(key, body))",
        test=f"{_TWO_HANDS}::test_of_two_who_read_the_same_head_the_second_writes_nothing",
    ),
    Check(
        name="fence: an older number writes nothing",
        file="pipeline/core/ledger.py",
        text="if number < head.fencing:",
        instead="if number < 0:",
        test="tests/unit/test_ledger.py::test_an_older_lease_cannot_take_the_ledger",
    ),
    Check(
        name="fence: it is asked before the first write",
        file="pipeline/gateways/ledger.py",
        text="self.write(ledger.fence(self._version.head, lease.lease.number))",
        instead="self.write(self._version.head)",
        test=f"{_TWO_HANDS}::"
        "test_a_run_that_slept_through_its_lease_takes_no_ledger_that_a_later_one_has",
    ),
    Check(
        name="lease: one that is held is not taken",
        file="pipeline/core/lease.py",
        text="owner_is_dead or now >= lease.expires_at",
        instead="owner_is_dead or now >= lease.acquired_at",
        test="tests/unit/test_leases_rules.py::test_a_held_lease_is_not_free",
    ),
    Check(
        name="lease: it is looked at before each apply",
        file="pipeline/steps/leased.py",
        text="    book.lease.require_held()\n    try:\n",
        instead="    try:\n",
        test=f"{_TWO_HANDS}::test_a_run_that_lost_its_lease_applies_nothing",
    ),
    Check(
        name="lease: it is looked at before an endpoint is deleted",
        file="pipeline/steps/leased.py",
        text="    book.lease.require_held()\n    workspace.hosting.delete_endpoint(name)\n",
        instead="    workspace.hosting.delete_endpoint(name)\n",
        test=f"{_TWO_HANDS}::test_a_run_that_lost_its_lease_deletes_no_endpoint",
    ),
    _digest("code and provider lock", 'yield ["code", path, sha256]', 'yield ["code", path]'),
    _digest(
        "variables",
        'yield ["variable", root, list(steps), value]',
        'yield ["variable", root, list(steps)]',
    ),
    _digest(
        "actions",
        "[change.address, change.action.value, change.reason,",
        "[change.address, change.reason,",
    ),
    _record("it has the digest that was reviewed", "if found == record.digest:", "if found:"),
    _record(
        "the endpoint has not moved since",
        "if head_digest(head) == record.head_digest:",
        "if record.head_digest:",
    ),
    Check(
        name="reviewed plan: it is used once",
        file="pipeline/gateways/ledger.py",
        text="            self._store.create(key, claim.to_json().encode())\n"
        "        except AlreadyExists:\n",
        instead="            self._store.put(key, claim.to_json().encode())\n"
        "        except AlreadyExists:\n",
        test="tests/unit/test_plan_claims.py::test_the_first_of_two_runs_has_the_plan",
    ),
    Check(
        name="quarantine: what is barred is not deployed",
        file="pipeline/steps/deploy.py",
        text="if barred is None or workspace.context.force:",
        instead="if barred is None or barred:",
        test="tests/simulation/test_truth.py::test_what_is_barred_is_not_deployed_again",
    ),
    Check(
        name="gate: what is held waits for a person",
        file="pipeline/steps/deploy.py",
        text="(verdict.may_be_approved and approval):",
        instead="verdict.may_be_approved:",
        test="tests/unit/test_who_may_pass.py::"
        "test_what_is_held_waits_for_a_person_and_what_is_rejected_for_nobody",
    ),
    Check(
        name="serving gate: what cannot serve is rejected",
        file="pipeline/core/serving_gate.py",
        text='yield _failed(f"it cannot serve: {check.failure}.")',
        instead="return",
        test="tests/unit/test_serving_gate.py::"
        "test_a_candidate_is_judged_by_its_metrics_and_by_its_container",
    ),
    Check(
        name="bake: a failing test is a veto",
        file="pipeline/steps/bake.py",
        text="self._workspace.alarms.veto(self._config)",
        instead="pass",
        test="tests/simulation/test_bake.py::"
        "test_sagemaker_itself_shifts_back_from_what_fails_during_the_bake",
    ),
    Check(
        name="artifact: its sha256 is that of what was judged",
        file="pipeline/steps/go_back.py",
        text="if found == release.artifact_sha256:",
        instead="if found:",
        test="tests/simulation/test_another_artifact.py::"
        "test_settling_does_not_put_it_to_work_again",
    ),
    Check(
        name="cleanup: only what has the environment's tags",
        file="pipeline/core/destruction.py",
        text="if place.owns(tags):",
        instead="if tags:",
        test="tests/unit/test_destruction.py::test_a_plan_with_anything_else_is_refused",
    ),
    Check(
        name="promote: the bytes are compared",
        file="pipeline/steps/promote.py",
        text="if found != wanted:",
        instead="if not found:",
        test="tests/simulation/test_promote.py::"
        "test_other_bytes_at_the_address_here_are_not_deployed",
    ),
    Check(
        name="promote: an approval counts for what its person saw",
        file="pipeline/steps/promote.py",
        text="if same and not holds_back(decision) else None",
        instead="if decision else None",
        test="tests/unit/test_promote_approval.py::"
        "test_an_approval_from_elsewhere_lets_pass_only_what_the_person_saw",
    ),
    Check(
        name="promote: an approval from elsewhere overrules no champion here",
        file="pipeline/steps/promote.py",
        text="if same and not holds_back(decision) else None",
        instead="if same else None",
        test="tests/unit/test_promote_approval.py::"
        "test_an_approval_from_elsewhere_lets_pass_only_what_the_person_saw",
    ),
    Check(
        name="champion: what is live stays where it is better",
        file="pipeline/core/champion.py",
        text="if found.interval.high < -limits.margin:",
        instead="if found.interval.high < -2:",
        test="tests/unit/test_champion.py::test_the_rules_decide_by_difference_interval_and_test",
    ),
    Check(
        name="champion: a retraining that was asked for replaces only what it is better than",
        file="pipeline/context.py",
        text="settings.gate_policy if self.request is None else settings.retraining_policy",
        instead="settings.gate_policy",
        test="tests/simulation/test_asked_for.py::"
        "test_only_a_better_model_deploys_and_else_the_history_says_what_stays_and_why",
    ),
)
