#!/usr/bin/env bash
# skl2onnx: a calibrated classifier with three labels is converted without a word, and says something else.
#
# Expected: to_onnx gives what predict_proba gives, or refuses.
# What happens (skl2onnx 1.20.0, scikit-learn 1.9.1): CalibratedClassifierCV around a pipeline of StandardScaler and
# LogisticRegression, method "sigmoid", differs by more than 0.1 of probability; method "temperature" raises
# AttributeError; the logistic regression alone is right. skl2onnx 1.20.0 is older than scikit-learn 1.9.
# So richspeech/engines/cascades.py writes its two nodes itself, and a test holds them to predict_proba.
# Source: skl2onnx/operator_converters/calibrated_classifier_cv.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.31.1
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
features = rng.normal(size=(300, 30)).astype(np.float32)
labels = (features[:, 0] * features[:, 1] > 0).astype(int) + (features[:, 2] > 1)


def difference(model):
    """Convert a fitted model; return by how much its probabilities differ at most."""
    model.fit(features, labels)
    content = to_onnx(model, features[:1], options={"zipmap": False}).SerializeToString()
    session = onnxruntime.InferenceSession(content)
    _, found = session.run(None, {session.get_inputs()[0].name: features})
    return float(np.abs(found - model.predict_proba(features)).max())


for name in ("skl2onnx", "scikit-learn"):
    print(name, version(name))
plain = make_pipeline(StandardScaler(), LogisticRegression())
alone, calibrated = difference(plain), difference(CalibratedClassifierCV(plain, cv=3))
print(f"largest difference: alone {alone:.6f}, calibrated {calibrated:.6f}")
assert alone < 1e-5
assert calibrated > 0.1
try:
    difference(CalibratedClassifierCV(plain, cv=3, method="temperature"))
except AttributeError as error:
    print("temperature:", error)
else:
    raise SystemExit("temperature is converted by now")
PYTHON
