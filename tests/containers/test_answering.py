"""Why an artifact does not answer is told, however much it was asked, and whenever it gave up."""

from pathlib import Path
from typing import Any

import pytest

from model.paired import _Answering
from model.unseen import CannotCompare

REFUSES = "def model_fn(directory):\n    raise ValueError('it was made for another image')\n"
# what its code is: the words that tell why there are no answers
SAID = {
    "it refuses to load": (REFUSES, "ValueError: it was made for another image"),
    "it cannot be imported": ("import no_such_module_here\n", "No module named"),
    "it ends without a word": ("import os\nos._exit(3)\n", "ended with exit code 3"),
}


def asked(answering: _Answering, rows: int) -> list[Any]:
    answering.ask("5.1,3.5\n" * rows)
    return answering.answer(rows)


@pytest.mark.parametrize("rows", [1, 200_000], ids=["a few bytes", "more than a pipe holds"])
@pytest.mark.parametrize("is_over", [False, True], ids=["asked at once", "asked when it is over"])
@pytest.mark.parametrize("case", SAID)
def test_what_an_artifact_says_as_it_gives_up_is_told(
    case: str, rows: int, tmp_path: Path, *, is_over: bool
) -> None:
    source, words = SAID[case]
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(source)
    with _Answering("the live release", tmp_path) as answering:
        if is_over:
            answering._process.wait()
        with pytest.raises(CannotCompare, match=words):
            asked(answering, rows)
