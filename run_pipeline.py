"""The command line of the pipeline: `python run_pipeline.py --help`."""

import sys

from pipeline.cli import main

sys.exit(main())
