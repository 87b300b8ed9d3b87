"""Which version of each method is in use. Raise a number to have everything forecast anew from the same past."""

DEMAND_FORECAST = "3"
LEAD_SCORING = "1"
STAFFING = "1"
