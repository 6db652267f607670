"""What people see, kept as text: a run and a watched endpoint on each kind of screen.

`python -m tests.golden` writes the files anew; look at them before you commit them.
"""
