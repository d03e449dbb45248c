#!/usr/bin/env python3
"""Runs other tools on the splits that `bench:learn --splits FOLDER` writes, with Debian's python3-sklearn and python3-xgboost.

    python3 bench/peers/peers.py DATA_FOLDER SPLITS_FOLDER [NAME_PREFIX]

For each split: macro-F1, log-loss (probabilities floored at 0.001) and expected calibration error (15 equal-width bins) of logistic
regression on one-hot values, quantile bins and character n-grams, of extremely randomised trees, and of XGBoost.
"""
import gzip
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from scipy.sparse import hstack

MANY = 0.2  # share of distinct strings above which a field counts as text


def at(event, path):
    """Value at a dotted path, trying keys that contain dots; None where missing."""
    if path == "":
        return event
    if not isinstance(event, dict):
        return None
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in event:
            return at(event[key], ".".join(parts[length:]))
    return None


def features(rows, points, train):
    """Sparse one-hot matrix with text n-grams, and a dense matrix for trees; vocabularies and cuts from the training rows."""
    columns = {point: [at(row["event"], point) for row in rows] for point in points}
    sparse_rows = [dict() for _ in rows]
    dense, texts = [], []
    for point, values in columns.items():
        numbers = [v for i in train for v in [values[i]] if isinstance(v, (int, float)) and not isinstance(v, bool)]
        strings = [values[i] for i in train if isinstance(values[i], str)]
        cuts = np.unique(np.quantile(numbers, np.linspace(0.05, 0.95, 16))) if numbers else None
        if cuts is not None:
            dense.append([v if isinstance(v, (int, float)) else np.nan for v in values])
        text = len(strings) > 10 and len(set(strings)) > MANY * len(strings)
        # By frequency, then name: an order that knows nothing of the labels, by which the rows may be sorted.
        counts = Counter(json.dumps(values[i]) for i in train)
        codes = {value: code + 1 for code, value in enumerate(sorted(counts, key=lambda v: (-counts[v], v)))}
        if cuts is None and not text:
            dense.append([codes.get(json.dumps(v), 0) for v in values])
        for row, value in zip(sparse_rows, values):
            if isinstance(value, list):
                for one in value:
                    row[f"{point}={one}"] = 1.0
            elif cuts is not None and isinstance(value, (int, float)):
                row[f"{point}#{int(np.searchsorted(cuts, value))}"] = 1.0
            else:
                row[f"{point}={value}"] = 1.0
        if text:
            texts.append(point)
    vectorizer = DictVectorizer().fit([sparse_rows[i] for i in train])
    parts = [vectorizer.transform(sparse_rows)]
    for point in texts:
        strings = [v if isinstance(v, str) else "" for v in columns[point]]
        runs = CountVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, binary=True)
        runs.fit([strings[i] for i in train])
        kept = runs.transform(strings)
        parts.append(kept * 0.2)
        often = np.argsort(-np.asarray(kept[train].sum(axis=0)).ravel())[:200]
        dense.extend(kept[:, often].toarray().T)
        dense.append([len(s) for s in strings])
    return hstack(parts).tocsr(), np.ascontiguousarray(np.nan_to_num(np.array(dense, dtype=np.float32).T, nan=-1.0))


def figures(probabilities, truth, classes):
    p = np.maximum(probabilities, 0.001)
    p /= p.sum(axis=1, keepdims=True)
    top, choice = p.max(axis=1), p.argmax(axis=1)
    right = choice == truth
    bins = np.minimum(14, (top * 15).astype(int))
    ece = sum(abs(right[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean() for b in range(15) if (bins == b).any())
    return {
        "macro_f1": round(f1_score(truth, choice, average="macro"), 3),
        "log_loss": round(float(-np.log(p[np.arange(len(truth)), truth]).mean()), 3),
        "ece": round(float(ece), 3),
    }


def tools(seed):
    yield "LR", LogisticRegression(max_iter=400), True
    yield "ExtraTrees", ExtraTreesClassifier(300, min_samples_leaf=1, random_state=seed, n_jobs=1), False
    try:
        from xgboost import XGBClassifier

        yield "XGBoost", XGBClassifier(n_estimators=200, max_depth=6, learning_rate=0.1, n_jobs=1, random_state=seed), False
    except ImportError:
        print("xgboost is not installed: skipped", file=sys.stderr)


def main():
    data, splits = Path(sys.argv[1]), Path(sys.argv[2])
    prefix = sys.argv[3] if len(sys.argv) > 3 else ""
    loaded = {}
    for path in sorted(splits.glob(f"{prefix}*.json")):
        split = json.loads(path.read_text())
        name = split["set"]
        if name not in loaded:
            with gzip.open(data / f"{name}.jsonl.gz", "rt") as lines:
                loaded[name] = [json.loads(line) for line in lines]
        rows = [loaded[name][i] for i in split["train"] + split["test"]]
        train = list(range(len(split["train"])))
        sparse, dense = features(rows, split["points"], train)
        labels = sorted({row["label"] for row in rows})
        y = np.array([labels.index(row["label"]) for row in rows])
        test = np.arange(len(train), len(rows))
        for tool, model, use_sparse in tools(1):
            x = sparse if use_sparse else dense
            known, codes = np.unique(y[train], return_inverse=True)
            model.fit(x[train], codes)
            p = np.zeros((len(test), len(labels)))
            p[:, known] = model.predict_proba(x[test])
            print(json.dumps({"split": path.stem, "tool": tool, **figures(p, y[test], len(labels))}), flush=True)


if __name__ == "__main__":
    main()
