"""Lets threads take turns thousands of times a second, so that what is not atomic is seen to be."""

import sys

sys.setswitchinterval(1e-5)
