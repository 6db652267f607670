"""What is there already where a user's packages are installed: of the image, or of this machine."""

from importlib.metadata import version

import pytest

from pipeline.gateways.wheels import is_of, present

# Where it runs, a package: what pip is told to agree with
TOLD = {
    "numpy of the image": (False, "numpy==2.5.1"),
    "pandas of the image": (False, "pandas==2.2.3"),
    "scikit-learn of the image": (False, "scikit-learn==1.9.0"),
    "scipy of the image": (False, "scipy==1.18.0"),
    "pyarrow of the image, which this machine need not have": (False, "pyarrow==25.0.0"),
    "what the image has in no one version": (False, "joblib>=1.4.0"),
    "numpy of this machine": (True, f"numpy=={version('numpy')}"),
    "pandas of this machine": (True, f"pandas=={version('pandas')}"),
}


@pytest.mark.parametrize("case", TOLD)
def test_versions_are_those_of_where_packages_are_installed(case: str) -> None:
    is_local, line = TOLD[case]
    assert line in present(is_local=is_local)
    assert len({each.partition("=")[0] for each in present(is_local=is_local)}) > 5


@pytest.mark.parametrize(
    ("wheel", "of_image", "of_here"),
    [
        ("scikit_learn-1.9.0-cp312-cp312-manylinux_2_28_x86_64.whl", True, True),
        ("python_dateutil-2.9.0.post0-py2.py3-none-any.whl", True, True),
        ("pyyaml-6.0.3-cp312-cp312-manylinux_2_28_x86_64.whl", True, False),
        ("botocore-1.43.50-py3-none-any.whl", True, False),
        ("numpy_financial-1.0.0-py3-none-any.whl", False, False),
    ],
)
def test_a_wheel_of_what_is_there_is_known_by_its_name(
    wheel: str, *, of_image: bool, of_here: bool
) -> None:
    assert is_of(present(is_local=False), wheel) is of_image
    assert is_of(present(is_local=True), wheel) is of_here
