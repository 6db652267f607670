"""What parliament finds in policies: {name: JSON} on stdin, a list of findings on stdout.

Run by the Python of .venv-tools, which is the only one that has parliament.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import parliament  # type: ignore[import-not-found]


def _findings(name: str, text: str) -> Iterator[dict[str, str]]:
    policy = parliament.analyze_policy_string(text, ignore_private_auditors=True)
    own = {id(each) for statement in policy.statements for each in statement.findings}
    for each in policy.findings:
        if id(each) not in own:
            yield _finding(name, "whole", each)
    for statement in policy.statements:
        for each in statement.findings:
            yield _finding(name, statement.sid, each)


def _finding(policy: str, statement: str, finding: Any) -> dict[str, str]:
    said = {"id": finding.issue, "policy": policy, "statement": statement}
    return {**said, "detail": str(finding.detail)}


if __name__ == "__main__":
    documents = json.load(sys.stdin)
    found = [each for name, text in documents.items() for each in _findings(name, text)]
    json.dump(found, sys.stdout)
