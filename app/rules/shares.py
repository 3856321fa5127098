"""Sharing an amount out to the cent. Money is integer cents.

Source: docs/rules/shares.md.
"""

from collections.abc import Sequence


def spread(amount_cents: int, weights: Sequence[int]) -> tuple[int, ...]:
    """An amount in proportion to weights, none negative: their exact parts cut to the cent, then what is left a cent
    each to the largest remainders, of equal ones to the first.

    A negative amount is shared out like its opposite. Without any weight everything goes to the first. Raises
    ValueError for a negative weight, and for an amount to share out among nobody.
    """
    if amount_cents < 0:
        return tuple(-cents for cents in spread(-amount_cents, weights))
    if any(weight < 0 for weight in weights) or (amount_cents and not weights):
        raise ValueError("weights are never negative, and there is somebody to take an amount")
    whole = sum(weights)
    if not whole:
        return tuple(amount_cents if place == 0 else 0 for place in range(len(weights)))
    shares = [amount_cents * weight // whole for weight in weights]
    remainders = [amount_cents * weight % whole for weight in weights]
    left = amount_cents - sum(shares)
    for place in sorted(range(len(weights)), key=lambda each: -remainders[each])[:left]:
        shares[place] += 1
    return tuple(shares)
