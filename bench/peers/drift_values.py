"""Values that tails.test.ts and drift.test.ts expect, by an independent calculation (python3, standard library only)."""
import math


def simpson(f, a, b, n=200_000):
    h = (b - a) / n
    return h / 3 * sum((1 if i in (0, n) else 4 if i % 2 else 2) * f(a + i * h) for i in range(n + 1))


def chi_squared_above(x, k):
    """Closed forms: a Poisson sum for even degrees of freedom, erfc and a finite sum for odd ones."""
    h = x / 2
    if k % 2 == 0:
        return math.exp(-h) * sum(h**i / math.factorial(i) for i in range(k // 2))
    total = math.erfc(math.sqrt(h))
    for i in range(1, (k - 1) // 2 + 1):
        total += math.exp(-h) * h ** (i - 0.5) / math.gamma(i + 0.5)
    return total


def f_above(x, d1, d2):
    """The density integrated over u = sqrt(f), where it is smooth for every d1 >= 1."""
    c = math.exp(math.lgamma((d1 + d2) / 2) - math.lgamma(d1 / 2) - math.lgamma(d2 / 2)) * (d1 / d2) ** (d1 / 2)
    return 1 - simpson(lambda u: 2 * c * u ** (d1 - 1) * (1 + d1 * u * u / d2) ** (-(d1 + d2) / 2), 0, math.sqrt(x))


for x, k in ((0.5, 1), (3.84, 1), (10, 4), (40, 5), (12, 20), (200, 60), (60, 9)):
    print("chi-squared above %g with %d: %.12e" % (x, k, chi_squared_above(x, k)))
for x, a, b in ((4.2, 1, 12), (2.5, 3, 20), (0.7, 6, 40), (9, 2, 5)):
    print("F above %g with %d, %d: %.10e" % (x, a, b, f_above(x, a, b)))
for x in (0.1, 0.5, 3.7, 120.5):
    print("log gamma %g: %.12e" % (x, math.lgamma(x)))

then, now = [600, 300, 100], [300, 300, 150]
n, m = sum(then), sum(now)
columns = [a + b for a, b in zip(then, now)]
pearson = sum((row[c] - sum(row) * columns[c] / (n + m)) ** 2 / (sum(row) * columns[c] / (n + m)) for row in (then, now) for c in range(3))
p = [(a + 0.5) / (n + 1.5) for a in then]
q = [(b + 0.5) / (m + 1.5) for b in now]
stability = sum((y - x) * math.log(y / x) for x, y in zip(p, q))
divergence = 0.0
for a, b in zip(then, now):
    x, y = a / n, b / m
    z = (x + y) / 2
    divergence += (x * math.log2(x / z) + y * math.log2(y / z)) / 2
print("labels: p %.10e, stability %.10f, divergence %.10f" % (chi_squared_above(pearson, 2), stability, divergence))

days_then = [(40 + 3 * d, 100) for d in range(6)]
days_now = [(62 + 2 * d, 100) for d in range(4)]
odds = [[math.log((k + 0.5) / (t - k + 0.5)) for k, t in days] for days in (days_then, days_now)]
means = [sum(o) / len(o) for o in odds]
freedom = 6 + 4 - 2
unrest = sum((x - means[i]) ** 2 for i, o in enumerate(odds) for x in o) / freedom
t2 = (means[1] - means[0]) ** 2 / (unrest * (1 / 6 + 1 / 4))
print("days: p %.10e" % f_above(t2, 1, freedom))
