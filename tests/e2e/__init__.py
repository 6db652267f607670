"""Stories: the command line from the outside, on an embedded AWS."""

import pytest

# What helpers assert is to be explained as well as what tests assert.
pytest.register_assert_rewrite("tests.e2e.agreement", "tests.e2e.moments")
