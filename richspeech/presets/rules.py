"""Presets: the rules of risk that come with the program, one file of this folder for each trade.

A preset that has a ``base`` has its rules as well, but for those of the same name and those that it
is ``without``.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field

from richspeech.model.risk_rules import RiskRule, require_consistent

Preset: TypeAlias = Literal["service", "sales", "teaching", "live"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
FOLDER = Path(__file__).parent


class _PresetFile(BaseModel):
    """What a file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Preset | None = None
    without: tuple[str, ...] = ()
    rules: Annotated[tuple[RiskRule, ...], Field(min_length=1)]


@cache
def preset_rules(name: Preset) -> tuple[RiskRule, ...]:
    """Return the rules of a preset; read once, and by whoever needs them first."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    file = _PresetFile.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    taken = {*file.without, *(rule.name for rule in file.rules)}
    inherited = preset_rules(file.base) if file.base else ()
    rules = (*(rule for rule in inherited if rule.name not in taken), *file.rules)
    require_consistent(rules)
    return rules
