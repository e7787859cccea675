"""What was measured beside what it must reach.

Each function gives rows (what, measured, limit, reached): texts, and True, False or None where the report has no such
measurement or the row has no limit.
"""

import math

GROUP_LIMITS = {"memory": 1.1, "warp": 1.3, "other": 3.0}
GEOMETRIC_MEAN = 1.6
TRIAD_SHARE = 0.95
LAUNCH_US, LAUNCH_TO_OPENMP, BACK_TO_BACK_US = 2.0, 3.0, 0.7
IMAGE_SPREAD = 0.15
COMPILE_TO_CLANG, FIRST_LAUNCH_MS = 4.0, 60.0


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def at_most(what, value, limit, form="{:.2f}"):
    return (what, form.format(value), "at most " + form.format(limit), value <= limit)


def timed(report):
    return [row for row in report.get("kernels", []) if "ratio" in row]


def kernel_limit(row):
    return GROUP_LIMITS[row["group"]]


def mean_rows(report):
    rows = timed(report)
    if not rows:
        return []
    mean = geometric_mean([row["ratio"] for row in rows])
    return [at_most(f"geometric mean of {len(rows)} kernels, time / by hand", mean, GEOMETRIC_MEAN)]


def group_rows(report):
    result = []
    for group, limit in GROUP_LIMITS.items():
        rows = [row for row in timed(report) if row["group"] == group]
        if rows:
            worst = max(rows, key=lambda row: row["ratio"])
            result.append(at_most(f"slowest {group} kernel ({worst['name']})", worst["ratio"], limit))
    return result


def opencl_rows(report):
    rows = [row for row in timed(report) if "opencl_ms" in row]
    if not rows:
        return []
    worst = max(rows, key=lambda row: row["cuda_ms"] / row["opencl_ms"])
    return [at_most(f"slowest against PoCL ({worst['name']})", worst["cuda_ms"] / worst["opencl_ms"], 1.0)]


def bandwidth_rows(report):
    saxpy = next((row for row in timed(report) if row["name"] == "saxpy"), None)
    triad = report.get("overheads", {}).get("triad_gb_s")
    if saxpy is None or triad is None:
        return []
    rate = saxpy["bytes"] / saxpy["cuda_ms"] * 1e-6
    return [("saxpy's bandwidth / triad's", f"{rate / triad:.2f} ({rate:.1f} / {triad:.1f} GB/s)",
             f"at least {TRIAD_SHARE}", rate >= TRIAD_SHARE * triad)]


def launch_rows(report):
    times = report.get("overheads")
    if not times:
        return []
    launch = times["empty_launch_us"]
    return [
        at_most("empty kernel, launch + synchronise, us", launch, LAUNCH_US),
        at_most(f"the same / an empty OpenMP region ({times['empty_openmp_us']:.2f} us)",
                launch / times["empty_openmp_us"], LAUNCH_TO_OPENMP),
        at_most("empty kernels back to back, us a launch", times["back_to_back_us"], BACK_TO_BACK_US),
    ]


def image_rows(report):
    result = []
    for family in report.get("images", []):
        if "sizes" not in family:
            continue
        times = [size["ns_per_pixel"] for size in family["sizes"]]
        spread = max(times) / min(times) - 1
        sizes = ", ".join(f"{size['width']}x{size['height']}" for size in family["sizes"])
        result.append((f"time per pixel, spread over {sizes}", f"{100 * spread:.0f}%",
                       f"at most {100 * IMAGE_SPREAD:.0f}%", spread <= IMAGE_SPREAD))
    return result


def compile_rows(report):
    result = []
    if "compile_to_clang" in report:
        result.append(at_most("compile time / clang -O3 of the same C", report["compile_to_clang"], COMPILE_TO_CLANG))
    if "first_launch_ms" in report:
        result.append(at_most("first launch of a small kernel (saxpy), ms", report["first_launch_ms"], FIRST_LAUNCH_MS))
    return result


def all_rows(report):
    parts = (mean_rows, group_rows, opencl_rows, bandwidth_rows, launch_rows, image_rows, compile_rows)
    return [row for part in parts for row in part(report)]
