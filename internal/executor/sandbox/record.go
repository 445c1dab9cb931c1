package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// machineName is the folder of a place in which its sandbox is: the record, the
// mask, and what the job writes to the machine.
const machineName = "machine"

const recordName = "init"

// record says which process made a sandbox, and which is its init. The kernel
// ends the init when the owner dies, but only a moment after it has let go of
// the owner's locks.
type record struct {
	owner, init identity
}

// identity is a process, told from a later one with the same number by when it
// started (clock ticks after the machine did).
type identity struct {
	pid   int
	since uint64
}

// A process as it is now.
type presence int

const (
	absent presence = iota
	dead            // nobody has waited for it yet
	living
)

// identify is the process that has the number pid now.
func identify(pid int) (identity, presence) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return identity{}, absent
	}
	// pid (name) state … starttime is field 22; the name may hold anything.
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 20 {
		return identity{}, absent
	}
	since, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return identity{}, absent
	}
	// The first thread may be dead while others (field 20) still are ending,
	// and an init's last one waits for all of its namespace.
	threads := string(fields[17])
	if (fields[0][0] == 'Z' || fields[0][0] == 'X') && (threads == "1" || threads == "0") {
		return identity{pid, since}, dead
	}
	return identity{pid, since}, living
}

func (i identity) presence() presence {
	now, there := identify(i.pid)
	if now != i {
		return absent
	}
	return there
}

// recordInit records that this process made the sandbox in the folder machine.
func recordInit(pid int, machine string) error {
	owner, _ := identify(os.Getpid())
	init, there := identify(pid)
	if there != living {
		return nil // nothing to wait for
	}
	r := record{owner, init}
	text := fmt.Sprintln(r.owner.pid, r.owner.since, r.init.pid, r.init.since)
	if err := os.WriteFile(filepath.Join(machine, recordName), []byte(text), 0o600); err != nil {
		return fmt.Errorf("record the sandbox: %w", err)
	}
	return nil
}

// readRecord is false when there is no whole record: then there is no init, or
// its owner is about to end it.
func readRecord(path string) (r record, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, false
	}
	n, err := fmt.Sscan(string(data), &r.owner.pid, &r.owner.since, &r.init.pid, &r.init.since)
	return r, err == nil && n == 4
}

// buryAll waits until the inits of dead owners are gone, with all that they
// ran, so that their folders can be removed. It returns how many it had to end.
func (e *Executor) buryAll(ctx context.Context) (int, error) {
	ended := 0
	for _, slot := range names(e.options.Root) {
		r, ok := readRecord(filepath.Join(e.options.Root, slot, machineName, recordName))
		if !ok || r.owner.pid == os.Getpid() || r.owner.presence() == living {
			continue
		}
		if err := ctx.Err(); err != nil {
			return ended, err
		}
		killed, err := r.bury()
		if err != nil {
			return ended, err
		}
		ended += killed
	}
	return ended, nil
}

// endLimit is how long ending a sandbox may take: a process in an
// uninterruptible wait (a dead network disk) can't be killed at all.
const endLimit = 10 * time.Second

// bury ends the init of a dead owner, and waits until all of it has ended.
func (r record) bury() (int, error) {
	killed := 0
	deadline := time.Now().Add(endLimit)
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		switch r.init.presence() {
		case dead:
			// Had this process adopted it, as a subreaper, its status is ours to
			// take. ECHILD: it had not.
			_, _ = unix.Wait4(r.init.pid, nil, unix.WNOHANG, nil)
			return killed, nil
		case absent:
			return killed, nil
		}
		if err := unix.Kill(r.init.pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
			return killed, fault.New(fault.Forbidden, "cannot end a sandbox whose owner died (pid %d): %w", r.init.pid, err)
		}
		killed = 1
		if time.Now().After(deadline) {
			return killed, fault.New(fault.Forbidden, "a sandbox whose owner died does not end (pid %d, after %s)", r.init.pid, endLimit)
		}
		time.Sleep(pause)
	}
}
