"""The report as text: a table of kernels, a table of limits."""

import limits


def rate(row):
    """What the kernel reached, in the unit that suits it."""
    if row["group"] == "memory" or not row["operations"]:
        return f"{row['bytes'] / row['cuda_ms'] * 1e-6:.1f} GB/s"
    return f"{row['operations'] / row['cuda_ms'] * 1e-6:.1f} G/s"


def kernel_cells(row):
    cells = [row["name"], str(row["size"]) + " " + row["unit"]]
    if not row["ok"]:
        return cells + ["WRONG", f"differs by {row['difference']:.2g}", f"of {row['tolerance']:.2g}", "", "", ""]
    if "ratio" not in row:
        return cells + ["right"] + [""] * 5
    opencl = f"{row['opencl_ms'] / row['reference_ms']:.2f}" if "opencl_ms" in row else "-"
    limit = limits.kernel_limit(row)
    return cells + [f"{row['cuda_ms']:.3f}", f"{row['reference_ms']:.3f}", f"{row['ratio']:.2f}",
                    f"{limit:.1f}{'' if row['ratio'] <= limit else ' missed'}", opencl, rate(row)]


def aligned(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def kernel_table(report):
    heads = ["kernel", "size", "CUDA ms", "by hand ms", "ratio", "limit", "PoCL / by hand", "CUDA rate"]
    return aligned([heads] + [kernel_cells(row) for row in report["kernels"]])


def limit_table(report):
    verdict = {True: "reached", False: "MISSED", None: ""}
    rows = [(what, measured, limit, verdict[reached]) for what, measured, limit, reached in limits.all_rows(report)]
    return aligned([("what", "measured", "limit", "")] + rows) if rows else ""


def overhead_table(report):
    names = {"empty_launch_us": "empty kernel, launch + synchronise, us",
             "empty_launch_cold_us": "the same after a rest of 30 ms, us",
             "back_to_back_us": "empty kernels back to back, us a launch",
             "empty_openmp_us": "empty OpenMP region, us",
             "triad_gb_s": "triad, GB/s", "triad_streamed_gb_s": "triad with stores past the caches, GB/s"}
    times = report.get("overheads", {})
    return aligned([(name, f"{times[key]:.2f}") for key, name in names.items() if key in times]) if times else ""


def image_table(report):
    rows = [(f"{size['width']}x{size['height']}", f"{size['us']:.1f}", f"{size['ns_per_pixel']:.3f}",
             f"{size['reference_ns_per_pixel']:.3f}")
            for family in report.get("images", []) for size in family.get("sizes", [])]
    return aligned([("image", "us a launch", "ns a pixel", "by hand")] + rows) if rows else ""


def machine_line(report):
    machine = report["machine"]
    return f"{machine['cpu']}, {machine['threads']} threads, engine {machine['engine']}, {machine['rounds']} rounds, load average {machine['load']} at the end, {machine['date']}"


def text(report):
    parts = [machine_line(report), kernel_table(report) if report.get("kernels") else "", overhead_table(report),
             image_table(report), limit_table(report)]
    return "\n\n".join(part for part in parts if part)
