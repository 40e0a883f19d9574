#!/usr/bin/env bash
# gradio: each import reads and parses the source of its components to keep .pyi files beside them.
#
# Expected: stubs for editors are made when the package is built; "import gradio" runs code that is there.
# What happens (gradio 6.31.0): the metaclass of components calls create_or_modify_pyi for every class with events.
# That parses the module's source, renders a template, and compares it with the .pyi beside it: more than a hundred
# parses at every import, about a second of processor time, also where the folder may not be written. A class for which
# inspect.getfile raises OSError is left out.
# Source: gradio/component_meta.py, create_or_modify_pyi and ComponentMeta.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0
cat >"$folder/count.py" <<'PYTHON'
import ast
import time
from importlib.metadata import version

parse, parsed, seconds = ast.parse, [], [0.0]


def counted(source, *arguments, **options):
    began = time.process_time()
    try:
        return parse(source, *arguments, **options)
    finally:
        parsed.append(len(source))
        seconds[0] += time.process_time() - began


ast.parse = counted
import gradio  # noqa: E402

print("gradio", version("gradio"))
print(f"parsed at import: {len(parsed)} sources, {sum(parsed):,} characters, {seconds[0]:.1f} s of processor time")
assert len(parsed) > 50
PYTHON
"$folder/venv/bin/python" "$folder/count.py" >"$folder/first"
"$folder/venv/bin/python" "$folder/count.py" | tee "$folder/second"
[ "$(grep -o 'import: [0-9]* sources' "$folder/first")" = "$(grep -o 'import: [0-9]* sources' "$folder/second")" ]
