"""Which version of each method is in use. Raise a number to have everything forecast anew from the same past."""

SEASONAL_NAIVE = "1"
LEAD_SCORING = "1"
