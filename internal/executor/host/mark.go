package host

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A mark tells the processes of one place from all others on the machine,
// whatever they do to hide. Every process carries it twice:
//
//   - as its soft RLIMIT_LOCKS. Linux has not enforced that limit since 2.4.25,
//     every process inherits it, and it survives setsid, a double fork, exec, a
//     cleared environment, closed descriptors and a change of user. The kernel
//     answers for zombies too. (A job sees it as `ulimit -x`.)
//   - as SLIPWAY_JOB in its environment, where a hard limit forbids the first.
//
// Bits, high to low: 0, 1 (so that no administrator's limit looks like a mark),
// 31 of the place, 31 of a place inside that place (a job that runs slipway
// itself); the last are 0 for an outermost place, whose mark so covers all within.
type mark uint64

const (
	markTag    mark = 1 << 62
	nestedBits mark = 1<<31 - 1
	markEnv         = "SLIPWAY_JOB"
)

// newMark is a fresh mark for a place of a process that itself carries outer
// (0: it runs in no place of ours).
func newMark(outer mark) mark {
	if outer != 0 {
		return outer&^nestedBits | mark(1+rand.Uint32N(uint32(nestedBits)))
	}
	return markTag | mark(rand.Uint32()>>1)<<31
}

func (m mark) valid() bool { return m>>62 == 1 }

// covers reports whether a process carrying other belongs to the place marked m.
func (m mark) covers(other mark) bool {
	return other == m || m&nestedBits == 0 && other&^nestedBits == m && other.valid()
}

func (m mark) String() string { return fmt.Sprintf("%016x", uint64(m)) }

// env is the mark as an environment entry.
func (m mark) env() string { return markEnv + "=" + m.String() }

func parseMark(s string) mark {
	n, err := strconv.ParseUint(s, 16, 64)
	if m := mark(n); err == nil && m.valid() {
		return m
	}
	return 0
}

// forking is held while this process's own soft limit is a job's mark, which
// is while it forks the job's commands. It is the package's because the limit
// is the process's.
var forking sync.Mutex

// forkMarked calls fork, whose child inherits m. Whatever another goroutine
// forks meanwhile may inherit it too; that one stays in our session, which a
// job's process can never be in, so it is not taken for the job's.
func (m mark) forkMarked(fork func() error) error {
	forking.Lock()
	defer forking.Unlock()
	var before unix.Rlimit
	if unix.Prlimit(0, unix.RLIMIT_LOCKS, nil, &before) == nil {
		// Refused under a lower hard limit: the environment mark remains.
		if unix.Prlimit(0, unix.RLIMIT_LOCKS, &unix.Rlimit{Cur: uint64(m), Max: before.Max}, nil) == nil {
			defer unix.Prlimit(0, unix.RLIMIT_LOCKS, &before, nil)
		}
	}
	return fork()
}

// markOf is the mark a process carries in its limits, zombies included; 0 if
// it has none or is gone.
func markOf(pid int) mark {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_LOCKS, nil, &limit); err == unix.EPERM {
		limit.Cur = limitInProc(pid) // another user's: readable, only not by the system call
	} else if err != nil {
		return 0
	}
	if m := mark(limit.Cur); m.valid() {
		return m
	}
	return 0
}

func limitInProc(pid int) uint64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data, []byte("Max file locks"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return 0 // "unlimited"
	}
	return n
}

// envMarkOf is the mark in a process's environment; 0 if it has none, is gone,
// or is not ours to read.
func envMarkOf(pid int) mark {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return 0
	}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		if value, ok := bytes.CutPrefix(entry, []byte(markEnv+"=")); ok {
			return parseMark(string(value))
		}
	}
	return 0
}

// outerMark is the mark this process itself carries; 0 outside of any place.
func outerMark() mark {
	// Under the lock: for a moment of each fork the limit is another's mark.
	forking.Lock()
	defer forking.Unlock()
	if m := markOf(os.Getpid()); m != 0 {
		return m
	}
	return parseMark(os.Getenv(markEnv))
}
