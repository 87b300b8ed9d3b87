"""The three pretend tenants, by slug."""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.world.profile import Profile
from sandbox.world.tenants.bellapele import BELLAPELE
from sandbox.world.tenants.boxcentral import BOXCENTRAL
from sandbox.world.tenants.sorriso import SORRISO

PROFILES: dict[str, Profile] = {profile.slug: profile for profile in (BOXCENTRAL, SORRISO, BELLAPELE)}


def profile_of(slug: str) -> Profile:
    """By slug; `bellapele_7` is another business like bellapele, with people and luck of its own."""
    if slug in PROFILES:
        return PROFILES[slug]
    base = re.sub(r"_\d+$", "", slug)
    if base not in PROFILES:
        raise KeyError(
            f"no pretend tenant is called {slug!r}; there are {', '.join(PROFILES)} and numbered copies of them"
        )
    return replace(PROFILES[base], slug=slug, name=f"{PROFILES[base].name} {slug.rsplit('_', 1)[1]}")
