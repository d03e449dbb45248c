"""Values that guard.test.ts expects, by an independent calculation (python3, standard library only)."""
import math

X = 0.01
outcomes = [(i % 125 == 60, 0.5 if i % 3 == 0 else 1.0) for i in range(500)]

n = k = 0.0
capital = 1.0
peak = 1.0
for wrong, w in outcomes:
    guess = (0.5 + k) / (0.5 / (0.15 * X) + n)
    bet = max(0.0, (X - guess) / (X * (1 - X)))
    capital *= 1 + bet * (X - wrong) * w
    peak = max(peak, capital)
    n += w
    k += w * wrong
print("below: log capital %.10f, log peak %.10f" % (math.log(capital), math.log(peak)))

rates = [t * X / (1 + (t - 1) * X) for t in (1.5, 3, 8, 25)]
factors = [[1 + (q - X) / (X * (1 - X)) * (wrong - X) * w for wrong, w in outcomes] for q in rates]
since = sum(math.prod(f) for f in factors) / len(rates)
recent = 0.0
for f in factors:
    for start in range(len(f)):
        recent += math.prod(f[start:]) / len(rates)
print("above: log since start %.10f, since any start %.8f" % (math.log(since), recent))
