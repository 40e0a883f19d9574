#!/usr/bin/env bash
# python-stdnum: the identity number that China's own standard gives as an example is invalid, and so
# is every number with right check digit of somebody who is older than their county.
#
# Expected: `stdnum.cn.ric.is_valid` says whether length, date and check digit are right, and at most
# whether the first six digits were ever a county's.
# What happens (python-stdnum 2.2): the county has to have had that code in the year of birth. But
# numbers were first given out in the 1980s, with the county of where somebody was registered then,
# or later. Luohu in Shenzhen (440303) is in the list from 1983 on: with it, whoever was born in 1980
# is refused, in 1995 not. The standard's example is of somebody born in 1880; its 440524 is in the
# list from 1983 to 1993. A filter for personal data that asks `is_valid` lets these numbers through: use
# `calc_check_digit` and the date. (That function wants all 18 digits: of 17 it leaves the last one
# out, and answers for the 16 before.)
# Source: GB 11643-1999, appendix with the example; stdnum/cn/ric.py, get_birth_place.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from stdnum.cn import ric


def completed(county, born):
    number = f"{county}{born}0101001"
    return number + ric.calc_check_digit(number + "0")


print("python-stdnum", version("python-stdnum"))
example = "440524188001010014"
older, younger = completed("440303", 1980), completed("440303", 1995)
for number in (example, older, younger):
    print(number, "check digit", ric.calc_check_digit(number), "valid", ric.is_valid(number))
print("of 17 digits:", ric.calc_check_digit(example[:17]), "of 18:", ric.calc_check_digit(example))
assert ric.calc_check_digit(example) == example[-1]
assert not ric.is_valid(example)
assert not ric.is_valid(older)
assert ric.is_valid(younger)
assert ric.calc_check_digit(example[:17]) != ric.calc_check_digit(example)
PYTHON
