"""What a reading process may take and do: limits of the system, and a list of its calls.

The list is of system calls that decoding needs; every other fails with EPERM, so nothing is opened,
no socket is made, no program started, no process but its own signalled. What it works on was open
before. Limits of the system hold where the kernel filters no calls, too.
"""

import ctypes
import errno
import mmap
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

import seccompy
from seccompy import ArgCmp, CmpOp, Filter

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.model.options import Options
from richspeech.recognition.reading import Stretch

CLONE_THREAD = 0x00010000
PR_SET_PDEATHSIG = 1

DENOISED_CPU_SECONDS = 0.5
"""Processor time for a second of one sound whose noise is taken out; 0.1 is usual."""

MOST_FILES = 16
"""Standard streams, socket, recording, reader, and room for what is only on its way."""

CALLS = (
    *("read", "readv", "pread64", "write", "writev", "lseek", "close", "fstat", "newfstatat"),
    *("mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "rseq"),
    *("sched_yield", "sched_getaffinity", "getcpu", "membarrier", "set_robust_list"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "times"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("poll", "ppoll", "recvmsg", "sendmsg", "recvfrom", "sendto", "getsockopt"),
    *("getpid", "gettid", "getppid", "getrandom", "getrusage", "sysinfo", "uname"),
    *("getrlimit", "setrlimit", "fcntl", "dup", "exit", "exit_group"),
)
"""On the files and the memory that it has; ``newfstatat`` tells that a file is there, no more."""

CALLS_ELSEWHERE = frozenset({"poll", "newfstatat"})
"""Some processors never had these."""


@dataclass(frozen=True)
class ReaderLimits:
    """Of one reading process; ``config.yaml`` says why."""

    memory_bytes: int = 512 * 2**20
    """Beside what it has when it begins."""
    cpu_seconds: float = 60.0
    """For a recording without a second of sound."""
    cpu_seconds_per_second: float = 0.1
    """More of it for every second of sound."""
    stall_seconds: float = 60.0
    """Without a word and without doing anything, after which it is given up."""

    def cpu_allowed(self, seconds: float, denoised: float = 0.0) -> float:
        """Return the processor time that so much sound may have taken.

        ``denoised`` are the seconds, of each strand, whose noise was taken out.
        """
        heard = self.cpu_seconds_per_second * seconds
        return self.cpu_seconds + heard + DENOISED_CPU_SECONDS * denoised


def denoised_seconds(stretch: Stretch, options: Options) -> float:
    """Return for how much of a stretch noise was taken out, of each strand."""
    return 0.0 if options.denoise == "off" else stretch.block.size / SAMPLE_RATE


def usual_processes() -> int:
    """Return how many are kept where the settings do not say: the cores less one, at least one."""
    return max((os.cpu_count() or 1) - 1, 1)


def end_with_parent(parent: int) -> None:
    """Have this process killed when ``parent``, which forked it, ends; even if it is stopped."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


def confine(limits: ReaderLimits) -> bool:
    """Give up, for good, what reading does not need; tell whether calls are filtered as well."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    most = _data_bytes() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    try:
        calls().load()  # sets no_new_privs, too
    except OSError:  # an old kernel, or one told to refuse this as well
        return False
    return True


def calls() -> Filter:
    """Return the filter of system calls."""
    allowed = Filter(default=int(seccompy.Action.ERRNO) | errno.EPERM)
    for name in CALLS:
        try:
            allowed.allow(name)
        except ValueError:
            if name not in CALLS_ELSEWHERE:
                raise
    thread = ArgCmp(0, CmpOp.MASKED_EQ, CLONE_THREAD, mask=CLONE_THREAD)
    allowed.allow("clone", args=[thread])
    allowed.errno("clone3", errno.ENOSYS)  # its flags cannot be seen; glibc takes clone instead
    allowed.allow("prlimit64", args={0: 0})  # its own
    allowed.allow("tgkill", args={0: os.getpid()})  # abort
    return allowed


def _data_bytes() -> int:
    """Return what RLIMIT_DATA counts."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
    return int(pages) * mmap.PAGESIZE


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
