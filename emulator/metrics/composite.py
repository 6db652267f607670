"""AlarmRule of composite alarms: parsed, and evaluated over the states of other alarms. Pure.

Syntax: "PutCompositeAlarm" page of the CloudWatch API reference; NOT binds strongest, then AND,
then OR. Alarms are named by name or ARN, in double quotes when they hold spaces or parentheses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from emulator.metrics.errors import validation_error

_TOKEN = re.compile(r"\s*(?:(?P<sign>[()])|(?P<quoted>\"[^\"]*\")|(?P<word>[^\s()\"]+))")
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_CONSTANTS = ("TRUE", "FALSE")
_DEEPEST = 30


@dataclass(frozen=True, kw_only=True)
class Asks:
    """Is this alarm in this state?"""

    state: str
    alarm: str


@dataclass(frozen=True, kw_only=True)
class Constant:
    value: bool


@dataclass(frozen=True, kw_only=True)
class Not:
    rule: "Rule"


@dataclass(frozen=True, kw_only=True)
class Joined:
    word: str
    rules: tuple["Rule", ...]


Rule = Asks | Constant | Not | Joined


def parse_rule(text: str) -> Rule:
    """Raise ValidationError when this is no rule."""
    parser = _Parser(text)
    rule = parser.joined("OR")
    parser.end()
    return rule


def holds(rule: Rule, states: Mapping[str, str]) -> bool:
    """`states` are by alarm name; an alarm that is not there is in no state."""
    match rule:
        case Constant(value=value):
            return value
        case Asks(state=state, alarm=alarm):
            return states.get(alarm) == state
        case Not(rule=inner):
            return not holds(inner, states)
        case Joined(word=word, rules=rules):
            answers = (holds(part, states) for part in rules)
            return all(answers) if word == "AND" else any(answers)


def alarms_in(rule: Rule) -> set[str]:
    match rule:
        case Asks(alarm=alarm):
            return {alarm}
        case Not(rule=inner):
            return alarms_in(inner)
        case Joined(rules=rules):
            return set().union(*(alarms_in(part) for part in rules))
        case _:
            return set()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read(text.rstrip())
        self._at = 0
        self._depth = 0

    def _read(self, text: str) -> list[str]:
        tokens, position = [], 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                self._fail(f"unexpected character at {position + 1}")
            tokens.append(found[str(found.lastgroup)])
            position = found.end()
        return tokens

    def joined(self, word: str) -> Rule:
        """Read rules joined by this word; AND binds stronger than OR."""
        rules = [self._part(word)]
        while self._next() == word:
            self._take()
            rules.append(self._part(word))
        return rules[0] if len(rules) == 1 else Joined(word=word, rules=tuple(rules))

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._fail(f"unexpected {self._tokens[self._at]}")

    def _part(self, word: str) -> Rule:
        return self.joined("AND") if word == "OR" else self._single()

    def _single(self) -> Rule:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("too many levels")
        rule = self._read_single()
        self._depth -= 1
        return rule

    def _read_single(self) -> Rule:
        token = self._take()
        if token.upper() == "NOT":
            return Not(rule=self._single())
        if token == "(":
            rule = self.joined("OR")
            self._expect(")")
            return rule
        if token.upper() in _CONSTANTS:
            return Constant(value=token.upper() == "TRUE")
        if token.upper() in _STATES:
            self._expect("(")
            alarm = self._take().strip('"')
            self._expect(")")
            return Asks(state=token.upper(), alarm=_alarm_name(alarm))
        return self._fail(f"unexpected {token}")

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            self._fail(f"expected {sign}")

    def _next(self) -> str | None:
        return self._tokens[self._at].upper() if self._at < len(self._tokens) else None

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            self._fail("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _fail(self, detail: str) -> NoReturn:
        text = f"Invalid AlarmRule: {detail}. The rule is: {self._text}"
        raise validation_error(text)


def _alarm_name(reference: str) -> str:
    return reference.split(":alarm:", 1)[1] if reference.startswith("arn:") else reference
