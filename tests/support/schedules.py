"""Which service takes which schedule: the one table that runner and Terraform are held to.

Sources: EventBridge user guide, "Schedule types" (rules); its Scheduler's user guide, "Schedule
types"; Application Auto Scaling user guide, "Scheduled scaling".
"""

RULE, SCALING, SCHEDULER = "a rule", "scaling", "the scheduler"
_ALL, _NONE = frozenset({RULE, SCALING, SCHEDULER}), frozenset[str]()

TAKEN_BY: dict[str, frozenset[str]] = {
    "cron(0 22 * * ? *)": _ALL,
    "cron(0 3 ? * MON *)": _ALL,
    "cron(0/15 8-18 ? JAN-MAR,12 MON-FRI 2030)": _ALL,
    "cron(5,30 6-8/2 ? JAN-JUN MON-FRI 2027)": _ALL,
    "cron(0 0 L * ? *)": _ALL,
    "cron(0 0 LW * ? *)": _ALL,
    "cron(0 0 15W * ? *)": _ALL,
    "cron(0 0 ? * 6#3 *)": _ALL,
    "cron(0 0 ? * 6L *)": _ALL,
    "rate(1 hour)": _ALL,
    "rate(5 minutes)": _ALL,
    "rate(10 days)": _ALL,
    "at(2031-01-31T17:00:00)": frozenset({SCALING}),
    # Only the scheduler's grammar leaves the plural open
    "rate(1 hours)": frozenset({SCHEDULER}),
    "rate(5 minute)": frozenset({SCHEDULER}),
    "at(2031-01-31 17:00)": _NONE,
    "at(2031-13-31T17:00:00)": _NONE,
    "rate(0 minutes)": _NONE,
    "rate(1 week)": _NONE,
    "rate(1.5 hours)": _NONE,
    "cron(0 22 * * *)": _NONE,
    "cron(0 22 * * * *)": _NONE,
    "cron(0 22 ? * ? *)": _NONE,
    "cron(60 22 * * ? *)": _NONE,
    "cron(0 24 * * ? *)": _NONE,
    "cron(0 22 32 * ? *)": _NONE,
    "cron(0 22 40W * ? *)": _NONE,
    "cron(0 22 * FOO ? *)": _NONE,
    "cron(0 22 * 13 ? *)": _NONE,
    "cron(0/0 22 * * ? *)": _NONE,
    "cron(0 22 ? * 8 *)": _NONE,
    "cron(0 22 ? * 6#6 *)": _NONE,
    "cron(0 22 * * ? 1969)": _NONE,
    "cron(0 22 * * ? 2200)": _NONE,
    "cron(0  22 * * ? *)": _NONE,
    "cron(0 22 * * ? *": _NONE,
    "cron(0 22 * * ? *)\n": _NONE,
    " rate(1 hour)": _NONE,
    "nightly": _NONE,
    "": _NONE,
}
