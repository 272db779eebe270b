"""Whether the purchase fits ever raise, their starts agree, and their intervals cover.

Run by hand from the project's folder, a few minutes on one core:

    python benchmarks/fit_robustness.py [--scale 1.0]

Simulates sets of customers from several regions of the parameters, fits all three purchase
models to each, and prints two tables: verdicts by region and number of customers, and how often
the 95 % interval of a parameter (on the log scale, from the published standard error) holds the
true value. The README quotes the result.
"""

import argparse
import importlib.util
import time
from pathlib import Path
from types import ModuleType

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

# Of the BG/NBD, in days.
REGIONS = {
    "CDNOW-like": {"r": 0.2426, "alpha": 30.9, "a": 0.793, "b": 2.426},
    "dropout near 0": {"r": 0.8, "alpha": 60.0, "a": 0.02, "b": 2.0},
    "heavy dropout": {"r": 1.0, "alpha": 20.0, "a": 1.5, "b": 1.5},
    "frequent, alike": {"r": 3.0, "alpha": 40.0, "a": 0.3, "b": 5.0},
    "sparse": {"r": 0.1, "alpha": 100.0, "a": 0.5, "b": 2.0},
}
SETS = {100: 40, 500: 40, 5000: 8}
RECOVERY = {
    "bg_nbd": (REGIONS["CDNOW-like"], 200),
    "mbg_nbd": ({"r": 0.525, "alpha": 43.3, "a": 0.891, "b": 1.614}, 100),
    "pareto_nbd": ({"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7}, 100),
}
RECOVERY_CUSTOMERS = 3000


def load_fits() -> ModuleType:
    """Import the model that fits, by its path."""
    path = ROOT / "models/core/predictions/fit_customer_value__forecast_models.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simulate(
    model: str,
    parameters: dict[str, float],
    customers: int,
    random: np.random.Generator,
    whole_days: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw customers and return their patterns: x, t_x, T, and how many share it.

    They come in over 270 days and are seen until day 540. In whole days purchases of one day
    are one, as in a shop's log; the models themselves know no days.
    """
    T = random.integers(270, 541, customers)
    rate = random.gamma(parameters["r"], 1 / parameters["alpha"], customers)
    if model == "pareto_nbd":
        dropout_rate = random.gamma(parameters["s"], 1 / parameters["beta"], customers)
        lifetime = random.exponential(size=customers) / np.maximum(dropout_rate, 1e-300)
    else:
        chance = np.maximum(random.beta(parameters["a"], parameters["b"], customers), 1e-12)
    rows = []
    for i in range(customers):
        gaps = random.exponential(1 / max(rate[i], 1e-300), 1 + random.poisson(rate[i] * T[i]) * 2)
        days = np.cumsum(gaps)
        while days[-1] < T[i]:
            days = np.append(days, days[-1] + random.exponential(1 / max(rate[i], 1e-300)))
        days = days[days <= T[i]]
        if model == "pareto_nbd":
            days = days[days <= lifetime[i]]
        else:
            # After the first purchase as well in the MBG/NBD.
            survived = int(min(random.geometric(chance[i]), 10**9))
            days = days[: survived - 1 if model == "mbg_nbd" else survived]
        if whole_days:
            days = np.unique(np.ceil(days))
        rows.append((len(days), days[-1] if len(days) else 0.0, T[i]))
    patterns, counts = np.unique(np.array(rows, dtype="float64"), axis=0, return_counts=True)
    x, t_x, T_days = patterns.T
    return x, t_x, T_days, counts.astype("float64")


def check_verdicts(fits: ModuleType, scale: float, random: np.random.Generator) -> None:
    """Print verdicts of all three models on sets from every region."""
    print("| region | customers | model | sets | raised | starts agree | at boundary | finite |")
    print("|--|--:|--|--:|--:|--:|--:|--:|")
    for region, parameters in REGIONS.items():
        for customers, sets in SETS.items():
            sets = max(1, round(sets * scale))
            tally = {name: np.zeros(4, dtype=int) for name in fits.MODELS}
            for _ in range(sets):
                data = simulate("bg_nbd", parameters, customers, random)
                for name in fits.MODELS:
                    try:
                        fit = fits.fit_model(name, *data)
                    except Exception:
                        tally[name] += (1, 0, 0, 0)
                        continue
                    rate = fit.estimates["r"] / fit.estimates["alpha"]
                    tally[name] += (0, fit.is_converged, fit.is_boundary, np.isfinite(rate))
            for name, (raised, agree, boundary, finite) in tally.items():
                print(
                    f"| {region} | {customers:,} | {name} | {sets} | {raised} | {agree} | "
                    f"{boundary} | {finite} |",
                    flush=True,
                )


def check_recovery(fits: ModuleType, scale: float, random: np.random.Generator) -> None:
    """Print how often the interval of each parameter holds the true value."""
    print(f"\nIntervals of 95 %, {RECOVERY_CUSTOMERS:,} customers a set:\n")
    print("| model | sets | parameter | true | mean estimate | covered |")
    print("|--|--:|--|--:|--:|--:|")
    for name, (truth, sets) in RECOVERY.items():
        sets = max(1, round(sets * scale))
        covered = dict.fromkeys(truth, 0)
        estimates: dict[str, list[float]] = {parameter: [] for parameter in truth}
        for _ in range(sets):
            fit = fits.fit_model(name, *simulate(name, truth, RECOVERY_CUSTOMERS, random, False))
            for parameter, value in truth.items():
                estimate, error = fit.estimates[parameter], fit.standard_errors[parameter]
                distance = abs(np.log(estimate / value))
                covered[parameter] += bool(distance <= 1.96 * error / estimate)
                estimates[parameter].append(estimate)
        for parameter, value in truth.items():
            print(
                f"| {name} | {sets} | {parameter} | {value:g} | "
                f"{np.mean(estimates[parameter]):.3f} | {covered[parameter] / sets:.1%} |",
                flush=True,
            )


def main() -> None:
    """Run both checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the sets to run")
    scale = parser.parse_args().scale
    fits = load_fits()
    random = np.random.default_rng(20050501)
    start = time.perf_counter()
    check_verdicts(fits, scale, random)
    check_recovery(fits, scale, random)
    print(f"\n{time.perf_counter() - start:.0f} seconds")


if __name__ == "__main__":
    main()
