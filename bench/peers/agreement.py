#!/usr/bin/env python3
"""Prints the values that packages/server/src/metrics/figures.test.ts checks against, made with scikit-learn 1.2.1.

    python3 bench/peers/agreement.py
"""
import json

from sklearn.metrics import accuracy_score, confusion_matrix, multilabel_confusion_matrix, precision_recall_fscore_support

# Rows are the consensus, columns the decision.
CASES = {
    "two labels": [[40, 2], [3, 55]],
    "three labels, one rare": [[5, 1, 2], [3, 900, 10], [0, 12, 40]],
    "never decided so": [[10, 5, 0], [2, 30, 0], [4, 1, 0]],
    "never labelled so": [[10, 2, 3], [1, 20, 4], [0, 0, 0]],
    "neither": [[7, 1, 0], [2, 9, 0], [0, 0, 0]],
    "all wrong": [[0, 3], [4, 0]],
}


def spread(matrix):
    """The truth and choice of each single thing that a matrix counts."""
    truth, choice = [], []
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            truth += [i] * count
            choice += [j] * count
    return truth, choice


def main():
    out = {}
    for name, matrix in CASES.items():
        truth, choice = spread(matrix)
        labels = list(range(len(matrix)))
        precision, recall, f1, _ = precision_recall_fscore_support(truth, choice, labels=labels, zero_division=0)
        macro = precision_recall_fscore_support(truth, choice, average="macro", zero_division=0)
        each = multilabel_confusion_matrix(truth, choice, labels=labels)
        assert confusion_matrix(truth, choice, labels=labels).tolist() == matrix
        out[name] = {
            "matrix": matrix,
            "accuracy": accuracy_score(truth, choice),
            "macro": list(macro[:3]),
            "labels": [
                {
                    "precision": float(precision[k]),
                    "recall": float(recall[k]),
                    "f1": float(f1[k]),
                    "tn_fp_fn_tp": each[k].ravel().tolist(),
                }
                for k in labels
            ],
        }
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
