"""What computes: cores, memory, the precisions they multiply in, and GPUs.

A container's limits do not show in the numbers of cores and bytes that a process sees: torch starts a thread for every
core of the host and is then held back, and a process that takes more memory than its share is killed. So they are read
from the control group (https://docs.kernel.org/admin-guide/cgroup-v2.html).
"""

import os
import re
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

from hybrid_pyserini.doctor.findings import Finding, Level, readable_size
from hybrid_pyserini.doctor.packages import pip_install

CONTROL_GROUP = Path("/sys/fs/cgroup")
_MEMORY = Path("/proc/meminfo")
_ON_PROCESSOR = "training and encoding run on the processor"


def examine_processor(environ: Mapping[str, str], control_group: Path = CONTROL_GROUP) -> list[Finding]:
    """Cores, memory, precision and threads of the processor, then the GPUs."""
    return [_cores(environ, control_group), _memory(control_group), *_computing(environ)]


def _cores(environ: Mapping[str, str], control_group: Path) -> Finding:
    # Neither macOS nor Windows can hold a process to some cores.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    text = f"{cores} of {os.cpu_count()} for this process"
    quota = _cpu_quota(control_group / "cpu.max")
    if quota is None or quota >= cores:
        return Finding(Level.OK, "cores", text)
    text += f", but the container gives it the time of {quota:g}"
    asked = environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and 0 < int(asked) <= max(1, int(quota)):
        return Finding(Level.OK, "cores", text)
    return Finding(Level.NOTE, "cores", f"{text}; more threads than that wait for each other",
                   remedy=f"export OMP_NUM_THREADS={max(1, int(quota))}")


def _cpu_quota(path: Path) -> float | None:
    """Cores' worth of time: the file holds microseconds in each period, and the period; ``max`` is no limit."""
    try:
        quota, period = path.read_text().split()
    except OSError:
        return None
    return None if quota == "max" else int(quota) / int(period)


def _memory(control_group: Path) -> Finding:
    try:
        sizes = {name: 1024 * int(size) for name, size in re.findall(r"(\w+): +(\d+) kB", _MEMORY.read_text())}
    except OSError:  # macOS and Windows tell it in ways of their own
        return Finding(Level.NOTE, "memory", "cannot be read on this system")
    text = f"{readable_size(sizes['MemTotal'])}, of which {readable_size(sizes['MemAvailable'])} can be had"
    try:
        limit = (control_group / "memory.max").read_text().strip()
    except OSError:
        limit = "max"
    if limit == "max" or int(limit) >= sizes["MemTotal"]:
        return Finding(Level.OK, "memory", text)
    text += f"; the container's processes are killed above {readable_size(int(limit))}"
    return Finding(Level.NOTE, "memory", text)


def _computing(environ: Mapping[str, str]) -> list[Finding]:
    """What torch says. A broken torch, or one without what encoding needs, is a finding too."""
    try:
        import torch

        from hybrid_pyserini.encoder.encoder import choose_dtype

        dtype = choose_dtype("auto", torch.device("cpu"))
    except Exception as error:  # a library that does not fit raises ImportError, OSError, RuntimeError, ...
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [Finding(
            Level.MISSING, "torch", f"torch and transformers cannot be used ({reason})",
            remedy=pip_install("--force-reinstall", "torch", "transformers") + "    # if all packages above are well",
        )]
    precision = {
        "bf16": "bf16 and fp32: 'index --dtype auto' encodes in bf16",
        "fp32": "fp32; bf16 is emulated, so 'index --dtype auto' stays with fp32",
    }[dtype]
    threads = f"{torch.get_num_threads()} for torch"
    if environ.get("OMP_NUM_THREADS"):
        threads += f" (OMP_NUM_THREADS={environ['OMP_NUM_THREADS']})"
    return [
        Finding(Level.OK, "precision", precision), Finding(Level.OK, "threads", threads), *examine_gpus(environ),
    ]


def examine_gpus(environ: Mapping[str, str]) -> list[Finding]:
    """The CUDA devices that torch can use, or why there is none."""
    import torch

    from hybrid_pyserini.encoder.encoder import choose_dtype

    with warnings.catch_warnings(record=True) as said:  # torch says in a warning why a GPU cannot be used
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    if usable:
        devices = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
        dtype = choose_dtype("auto", torch.device("cuda"))
        return [
            Finding(Level.OK, f"GPU {number}", f"{device.name}, {readable_size(device.total_memory)}; "
                    f"'--dtype auto' is {dtype}")
            for number, device in enumerate(devices)
        ]
    if torch.backends.mps.is_available():
        return [Finding(Level.NOTE, "GPU", f"Apple's MPS is there, but not used: {_ON_PROCESSOR}")]
    built_for = torch.version.cuda or torch.version.hip
    if built_for:
        reason = " ".join(str(said[0].message).split()) if said else "no device"
        hidden = environ.get("CUDA_VISIBLE_DEVICES")
        return [Finding(
            Level.NOTE, "GPU", f"none that torch, built for CUDA or ROCm {built_for}, can use ({reason}): "
            f"{_ON_PROCESSOR}",
            remedy="if there is one, check its driver with 'nvidia-smi' or 'rocm-smi'" if hidden is None else
            f"unset CUDA_VISIBLE_DEVICES    # it is {hidden!r}",
        )]
    if shutil.which("nvidia-smi", path=environ.get("PATH", "")):
        return [Finding(
            Level.NOTE, "GPU", f"there is an NVIDIA driver, but this torch is built without CUDA: {_ON_PROCESSOR}",
            remedy="install a build of torch with CUDA, as pytorch.org says under 'Start locally'",
        )]
    return [Finding(Level.OK, "GPU", f"none: {_ON_PROCESSOR}")]
