"""The command line of the pipeline: `python run_pipeline.py --help`."""

import sys

_WRAPPER = "Start ./run_mlops_pipeline.sh, which sets everything up.\n"

if sys.version_info < (3, 11):  # noqa: UP036 -- whoever starts this chooses the Python
    sys.stderr.write(f"Error: Python 3.11 or newer is needed, this is {sys.version}. {_WRAPPER}")
    sys.exit(2)

try:
    from pipeline.cli import main
except ModuleNotFoundError as missing:
    sys.stderr.write(f"Error: {missing} in {sys.prefix}. {_WRAPPER}")
    sys.exit(2)

sys.exit(main())
