#!/usr/bin/env python3
"""Prints the values that packages/engine/src/evaluation.test.ts and calibration.test.ts check against, made with scikit-learn 1.2.1 and SciPy.

    python3 bench/peers/metrics.py
"""
import json

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, f1_score, log_loss

PROBABILITIES = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.1, 0.8, 0.1],
        [0.25, 0.25, 0.5],
        [0.6, 0.3, 0.1],
        [0.05, 0.05, 0.9],
        [0.42, 0.35, 0.23],
        [0.2, 0.5, 0.3],
        [0.34, 0.33, 0.33],
    ]
)
TRUTH = np.array([0, 1, 2, 1, 2, 0, 0, 2])


def main():
    choice = PROBABILITIES.argmax(axis=1)
    onehot = np.eye(3)[TRUTH]
    top = PROBABILITIES.max(axis=1)
    right = (choice == TRUTH).astype(int)
    bins = np.minimum(14, (top * 15).astype(int))
    ece = sum(abs(right[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))
    curve = calibration_curve(right, top, n_bins=15)
    logs = np.log(PROBABILITIES)

    def tempered(t):
        scaled = logs / t
        scaled = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -scaled[np.arange(8), TRUTH].sum() + 2 * np.log(t) ** 2

    print(
        json.dumps(
            {
                "accuracy": accuracy_score(TRUTH, choice),
                "macro_f1": f1_score(TRUTH, choice, average="macro"),
                "log_loss": log_loss(TRUTH, PROBABILITIES),
                "brier": float(((PROBABILITIES - onehot) ** 2).sum(axis=1).mean()),
                "brier_as_sum_of_binary": sum(brier_score_loss(onehot[:, c], PROBABILITIES[:, c]) for c in range(3)),
                "ece": float(ece),
                "calibration_curve": [list(map(float, part)) for part in curve],
                "confusion": confusion_matrix(TRUTH, choice).tolist(),
                "temperature": float(minimize_scalar(tempered, bounds=(0.2, 20), method="bounded", options={"xatol": 1e-10}).x),
                "normal_below": [float(norm.cdf(z)) for z in (-2.5, -1, 0, 0.5, 1.645, 3)],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
