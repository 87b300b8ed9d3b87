"""Why a lead's probability is what it is, in words.

The log-odds of an additive model are a sum, so what moved a lead is simply the largest terms: each feature's part, against the
average lead of the training data, added up by theme (all that is about the booking, all that is about our speed ...). A theme
is told through its largest feature. That the score is a certain business's is no reason: it is the same for all its leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from ml.lead_features import DECAY_DAYS, LOGARITHMIC

REASONS = 3
_LEAST = 0.02  # log-odds; what moves less is no reason


@lru_cache
def _texts() -> Mapping[str, Any]:
    texts: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return texts


def reasons(parts: pd.DataFrame, features: pd.DataFrame) -> np.ndarray:
    """Three sentences per row, the weightiest first; None in the last places, or all, where little speaks either way.

    `parts` are the model's contributions for these features.
    """
    texts = _texts()
    themes = [[name for name in names if name in parts] for names in texts["themes"].values()]
    themes = [names for names in themes if names]
    if not themes:
        return np.full((len(features), REASONS), None, dtype=object)
    sums = np.column_stack([parts[names].to_numpy().sum(axis=1) for names in themes])
    ranked = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :REASONS]
    said = np.full((len(features), REASONS), None, dtype=object)
    for position, names in enumerate(themes):
        rows, places = np.nonzero(ranked == position)
        total = sums[rows, position]
        own = parts[names].to_numpy()[rows]
        # the feature that pulls most in the direction of the whole
        teller = np.argmax(own * np.sign(total)[:, None], axis=1)
        for index, name in enumerate(names):
            mine = (teller == index) & (np.abs(total) >= _LEAST)
            if mine.any():
                words = _words(name, features[name].to_numpy()[rows[mine]], texts["features"][name])
                direction = np.where(total[mine] > 0, texts["directions"]["up"], texts["directions"]["down"])
                said[rows[mine], places[mine]] = direction.astype(object) + words
    return said


def _words(name: str, values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """The sentence of each value; equal values are told once."""
    if entry.get("kind", "text") == "text":
        told = values
    else:
        plain = values.astype(float)
        plain = np.expm1(plain) if name in LOGARITHMIC else plain
        plain = -DECAY_DAYS * np.log(np.maximum(plain, 1e-9)) if entry["kind"] == "decay" else plain
        told = np.round(plain, 1)
    codes, unique = pd.factorize(told, use_na_sentinel=False)
    sentences = np.array([_sentence(entry, value) for value in unique], dtype=object)
    chosen: np.ndarray = sentences[codes]
    return chosen


def _sentence(entry: Mapping[str, Any], value: Any) -> str:
    if value in entry.get("words", {}):
        return str(entry["words"][value])
    if "text" not in entry:
        return str(value)
    if value == "" or (isinstance(value, float) and np.isnan(value)):
        return str(entry.get("missing", entry["text"].format(value="?")))
    if entry["kind"] == "text":
        return str(entry["text"].format(value=str(value).rpartition("/")[2]))
    text = entry["before"] if value < 0 and "before" in entry else entry["text"]
    return str(text.format(value=_measure(entry["kind"], abs(float(value)))))


def _measure(kind: str, value: float) -> str:
    if kind == "percent":
        return f"{100 * value:.0f} %"
    if kind == "number":
        return f"{value:.1f}".removesuffix(".0").replace(".", ",")
    minutes = value * {"minutes": 1, "hours": 60, "days": 1440, "decay": 1440}[kind]
    if minutes < 1:
        return "menos de 1 min"
    if minutes < 90:
        return f"{minutes:.0f} min"
    if minutes < 36 * 60:
        return f"{minutes / 60:.0f} h"
    return f"{minutes / 1440:.0f} dias"
