"""An independent computation of the marts: plain Python over a tenant's true facts, written from the definitions alone.

Nothing here knows SQL, the warehouse or how facts travel; `facts.py` says what goes in, and each other module computes
one mart. The pipeline is right when both agree to the last figure.
"""
