#!/usr/bin/env bash
# Babel: of a page in simplified and in traditional Chinese, whoever asks for Taiwan's gets the simplified.
#
# Expected: `negotiate_locale` and `Locale.negotiate` give zh-TW and zh-HK the file for zh_Hant, since
# Babel has CLDR's likely subtags, by which Chinese is written in traditional characters there; its own
# `Locale.parse("zh_TW")` knows that and says script Hant.
# What happens (Babel 2.19.0): both look for the tag as it is written, then for its language alone. zh_TW
# is `zh` where that is there, and so is zh_Hant_TW, which names the script; only the bare zh_Hant is found.
# The likely subtags are not asked. So a reader of the one script silently gets the other. Whoever has files by
# script has to parse each tag and compare language and script.
# Source: babel/core.py, negotiate_locale and Locale.negotiate; CLDR, likelySubtags.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check babel==2.19.0
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from babel import Locale, negotiate_locale

print("Babel", version("babel"))
files = ["zh", "zh_Hant", "en"]
for tag in ("zh_TW", "zh_HK", "zh_Hant_TW", "zh_Hant"):
    chosen = negotiate_locale([tag], files)
    also = Locale.negotiate([tag], files)
    print(tag, "script", Locale.parse(tag).script, "negotiate_locale", chosen, "Locale.negotiate", also)
assert Locale.parse("zh_TW").script == "Hant"
assert negotiate_locale(["zh_TW"], files) == negotiate_locale(["zh_Hant_TW"], files) == "zh"
assert str(Locale.negotiate(["zh_TW"], files)) == "zh"
assert negotiate_locale(["zh_Hant"], files) == "zh_Hant"
PYTHON
