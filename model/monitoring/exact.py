"""Sums of floats that do not depend on the order of the terms.

A sum is a pair (mantissa, exponent) of whole numbers and means mantissa * 2**exponent, with an odd
mantissa, so that equal sums are equal pairs.
"""

from typing import NamedTuple

import numpy as np

_LOW_BITS = 27
# Up to so many terms at once the halves of their mantissas add up in a float without rounding
_MOST_TERMS = 1 << 24
_MANTISSA_BITS = 53


class Sum(NamedTuple):
    mantissa: int
    exponent: int


NOTHING = Sum(0, 0)


def normal(mantissa: int, exponent: int) -> Sum:
    """Return the one pair of a value."""
    if mantissa == 0:
        return NOTHING
    zeros = (mantissa & -mantissa).bit_length() - 1
    return Sum(mantissa >> zeros, exponent + zeros)


def add(first: Sum, second: Sum) -> Sum:
    base = min(first.exponent, second.exponent)
    mantissas = (each.mantissa << (each.exponent - base) for each in (first, second))
    return normal(sum(mantissas), base)


def total(values: np.ndarray) -> Sum:
    """Return the exact sum of finite floats."""
    found = NOTHING
    for start in range(0, len(values), _MOST_TERMS):
        found = add(found, _total(*np.frexp(values[start : start + _MOST_TERMS])))
    return found


def _total(fractions: np.ndarray, exponents: np.ndarray) -> Sum:
    whole = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
    base = int(exponents.min())
    places = exponents - base
    high = np.bincount(places, weights=whole >> _LOW_BITS)
    low = np.bincount(places, weights=whole & ((1 << _LOW_BITS) - 1))
    mantissa = sum(
        ((int(upper) << _LOW_BITS) + int(lower)) << place
        for place, (upper, lower) in enumerate(zip(high, low, strict=True))
    )
    return normal(mantissa, base - _MANTISSA_BITS)


def magnitudes(values: np.ndarray) -> dict[int, int]:
    """Count finite values by the power of two next above their size; zeros have none."""
    _, exponents = np.frexp(values[values != 0.0])
    if not len(exponents):
        return {}
    base = int(exponents.min())
    counts = np.bincount(exponents - base)
    return {base + place: int(count) for place, count in enumerate(counts) if count}
