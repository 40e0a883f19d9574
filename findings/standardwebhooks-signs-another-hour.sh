#!/usr/bin/env bash
# standardwebhooks: sign() takes the clock of any time zone for UTC.
#
# Expected: a datetime that knows its zone is signed as the moment that it is.
# What happens (standardwebhooks 1.1.0): sign() replaces the zone instead of converting to it, so noon in Shanghai is
# signed as noon in London, eight hours later. The header webhook-timestamp, which callers make of the datetime's
# own timestamp(), then does not match, and every receiver refuses the call. Where all is UTC nobody notices.
# Source: standardwebhooks/webhooks.py, Webhook.sign.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

from standardwebhooks import Webhook

webhook = Webhook("whsec_" + "QUJD" * 8)
moment = datetime(2026, 11, 28, 4, tzinfo=timezone.utc)
shanghai = moment.astimezone(timezone(timedelta(hours=8)))
assert moment == shanghai
signatures = [webhook.sign("msg_1", each, "{}") for each in (moment, shanghai)]
print("standardwebhooks", version("standardwebhooks"))
print("one moment, two zones:", *signatures)
assert signatures[0] != signatures[1]
PYTHON
