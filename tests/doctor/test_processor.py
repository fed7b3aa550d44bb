"""What is said of cores, memory, precision and GPUs, on machines that are not this one."""

import os
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from hybrid_pyserini.doctor import processor
from hybrid_pyserini.doctor.findings import Finding, Level
from hybrid_pyserini.doctor.processor import examine_gpus, examine_processor
from hybrid_pyserini.encoder.encoder import choose_dtype


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight cores, four of them for this process, and 32 GB; the folder of its control group, without limits."""
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    (tmp_path / "meminfo").write_text(
        "MemTotal:       32000000 kB\nMemFree:          900000 kB\nMemAvailable:   10000000 kB\nHugePages_Total:    0\n"
    )
    monkeypatch.setattr(processor, "_MEMORY", tmp_path / "meminfo")
    (tmp_path / "cgroup").mkdir()
    return tmp_path / "cgroup"


def finding(subject: str, machine: Path, environ: dict[str, str] | None = None) -> Finding:
    (found,) = [each for each in examine_processor(environ or {}, machine) if each.subject == subject]
    return found


def test_cores_and_memory(machine: Path) -> None:
    assert finding("cores", machine) == Finding(Level.OK, "cores", "4 of 8 for this process")
    assert finding("memory", machine) == Finding(Level.OK, "memory", "32.8 GB, of which 10.2 GB can be had")


@pytest.mark.parametrize("quota", ["max 100000", "400000 100000"])
def test_a_quota_that_holds_nothing_back_is_not_told(machine: Path, quota: str) -> None:
    (machine / "cpu.max").write_text(f"{quota}\n")
    assert finding("cores", machine) == Finding(Level.OK, "cores", "4 of 8 for this process")


@pytest.mark.parametrize(("quota", "cores", "threads"), [
    ("150000 100000", "1.5", 1), ("300000 100000", "3", 3), ("5000 10000", "0.5", 1),
])
def test_a_containers_quota_of_time_needs_fewer_threads(machine: Path, quota: str, cores: str, threads: int) -> None:
    (machine / "cpu.max").write_text(f"{quota}\n")
    text = f"4 of 8 for this process, but the container gives it the time of {cores}"
    assert finding("cores", machine) == Finding(
        Level.NOTE, "cores", f"{text}; more threads than that wait for each other",
        remedy=f"export OMP_NUM_THREADS={threads}",
    )
    assert finding("cores", machine, {"OMP_NUM_THREADS": "1"}) == Finding(Level.OK, "cores", text)
    assert finding("cores", machine, {"OMP_NUM_THREADS": "64"}).level is Level.NOTE


def test_a_containers_limit_of_memory_is_told(machine: Path) -> None:
    for limit in ("max", str(64 * 10**9)):
        (machine / "memory.max").write_text(f"{limit}\n")
        assert finding("memory", machine).level is Level.OK
    (machine / "memory.max").write_text(f"{8 * 10**9}\n")
    told = finding("memory", machine)
    assert told.level is Level.NOTE
    assert told.text.endswith("; the container's processes are killed above 8.0 GB")


def test_a_system_that_does_not_tell_its_memory(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_MEMORY", machine / "none")
    monkeypatch.delattr(os, "sched_getaffinity")
    assert finding("memory", machine) == Finding(Level.NOTE, "memory", "cannot be read on this system")
    assert finding("cores", machine).text == "8 of 8 for this process"


@pytest.mark.parametrize(("bf16", "amx", "dtype"), [
    (True, False, "bf16"), (False, True, "bf16"), (False, False, "fp32"),
])
def test_the_precision_is_what_the_encoder_would_choose(
    machine: Path, monkeypatch: pytest.MonkeyPatch, bf16: bool, amx: bool, dtype: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bf16, "amx_bf16": amx})
    told = finding("precision", machine)
    assert told.level is Level.OK
    assert told.text.startswith({"bf16": "bf16 and fp32:", "fp32": "fp32; bf16 is emulated"}[dtype])
    assert choose_dtype("auto", torch.device("cpu")) == dtype


def test_threads_are_torchs_with_their_reason(machine: Path) -> None:
    threads = torch.get_num_threads()
    assert finding("threads", machine).text == f"{threads} for torch"
    assert finding("threads", machine, {"OMP_NUM_THREADS": "7"}).text == f"{threads} for torch (OMP_NUM_THREADS=7)"


@pytest.mark.parametrize("module", ["torch", "hybrid_pyserini.encoder.encoder"])
def test_a_torch_that_cannot_be_imported_is_missing(
    machine: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # importing it raises
    *others, missing = examine_processor({}, machine)
    assert [other.subject for other in others] == ["cores", "memory"]
    assert (missing.level, missing.subject) == (Level.MISSING, "torch")
    assert f"ModuleNotFoundError: import of {module} halted" in missing.text
    assert "pip install --force-reinstall torch transformers" in missing.remedy


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a build of torch without CUDA on a machine without GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)


@pytest.mark.usefixtures("no_gpu")
def test_no_gpu_is_nothing_to_mend(tmp_path: Path) -> None:
    assert examine_gpus({"PATH": str(tmp_path)}) == [
        Finding(Level.OK, "GPU", "none: training and encoding run on the processor"),
    ]


@pytest.mark.usefixtures("no_gpu")
def test_an_nvidia_driver_wants_another_build_of_torch(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    (note,) = examine_gpus({"PATH": str(tmp_path)})
    assert note.level is Level.NOTE
    assert "this torch is built without CUDA" in note.text
    assert "build of torch with CUDA" in note.remedy


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("variable", ["cuda", "hip"])
def test_a_build_for_gpus_that_finds_none_says_why(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    def is_available() -> bool:
        warnings.warn("CUDA initialization:\n  The NVIDIA driver on your system is too old", stacklevel=2)
        return False

    monkeypatch.setattr(torch.version, variable, "12.8")
    (note,) = examine_gpus({})
    assert note.level is Level.NOTE
    assert "built for CUDA or ROCm 12.8, can use (no device): training and encoding run on the processor" in note.text
    assert "nvidia-smi" in note.remedy
    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    assert "(CUDA initialization: The NVIDIA driver on your system is too old)" in examine_gpus({})[0].text


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("hidden", ["", "-1"])
def test_hidden_gpus_are_shown_again(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    (note,) = examine_gpus({"CUDA_VISIBLE_DEVICES": hidden})
    assert note.remedy == f"unset CUDA_VISIBLE_DEVICES    # it is {hidden!r}"


@pytest.mark.usefixtures("no_gpu")
def test_apples_gpu_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    (note,) = examine_gpus({})
    assert note.level is Level.NOTE
    assert "MPS is there, but not used" in note.text


@pytest.mark.parametrize("dtype", ["bf16", "fp32"])
def test_every_gpu_is_told_with_memory_and_precision(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    devices = [
        SimpleNamespace(name="H200", total_memory=150 * 10**9), SimpleNamespace(name="T4", total_memory=16 * 10**9),
    ]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", devices.__getitem__)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: dtype == "bf16")
    assert examine_gpus({}) == [
        Finding(Level.OK, "GPU 0", f"H200, 150.0 GB; '--dtype auto' is {dtype}"),
        Finding(Level.OK, "GPU 1", f"T4, 16.0 GB; '--dtype auto' is {dtype}"),
    ]


@pytest.mark.gpu
def test_this_machines_gpu() -> None:
    told = examine_gpus(os.environ)
    assert [each.subject for each in told] == [f"GPU {number}" for number in range(torch.cuda.device_count())]
    assert torch.cuda.get_device_name() in told[0].text
