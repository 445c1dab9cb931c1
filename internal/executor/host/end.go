package host

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// endLimit is how long ending a place's processes may take: one in an
// uninterruptible wait (a dead network disk) can't be killed at all.
const endLimit = 10 * time.Second

// ending kills all processes of places.
type ending struct {
	belongs  func(mark) bool
	groups   []*group
	thorough bool          // look at environments too
	reap     func(pid int) // takes the status of a dead child; nil: reapOrphan
}

// run kills until a look finds nothing, whatever forks meanwhile, and returns
// how many processes it ended. After endLimit, or when all that is left belongs
// to others, it gives up with an error that names them.
func (x ending) run() (int, error) {
	deadline := time.Now().Add(endLimit)
	ended, dead := map[int]bool{}, map[int]bool{}
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		left, none, err := x.find(dead)
		inGroups, failed := x.inGroups()
		if err != nil || none && failed == nil && !slices.ContainsFunc(x.groups, (*group).populated) {
			return len(ended), err
		}
		for _, pid := range inGroups {
			ended[pid] = true
		}
		for _, g := range x.groups {
			failed = errors.Join(failed, g.kill())
		}
		for _, p := range left {
			if !p.dead {
				ended[p.pid] = true
			}
			failed = errors.Join(failed, x.kill(p.pid))
		}
		if time.Now().After(deadline) || failed != nil && allForeign(left) {
			return len(ended), stillThere(left, failed)
		}
		time.Sleep(pause)
	}
}

func (x ending) inGroups() ([]int, error) {
	var pids []int
	var failed error
	for _, g := range x.groups {
		members, err := g.members()
		pids, failed = append(pids, members...), errors.Join(failed, err)
	}
	return pids, failed
}

// find takes the statuses of the places' processes that are dead and ours to
// wait for, and returns those that are left. It reports that there are none
// only when it saw none: one that has died since it was seen may have forked
// before. A dead child of somebody else's, who will wait for it or not, is in
// the set dead when it is seen again, and then counts no more.
func (x ending) find(dead map[int]bool) (left []proc, none bool, err error) {
	pids, err := owned(x.belongs, x.thorough)
	none = true
	for _, pid := range pids {
		if x.reap != nil {
			x.reap(pid)
		} else {
			reapOrphan(pid)
		}
		p, there := readProc(pid)
		if there && p.dead && dead[pid] && p.parent != os.Getpid() && !slices.Contains(pids, p.parent) {
			continue
		}
		none, dead[pid] = false, p.dead
		if there {
			left = append(left, p)
		}
	}
	return left, none, err
}

// kill ends the process pid if it is still the one that was found.
func (x ending) kill(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case err == unix.ESRCH:
		return nil
	case err != nil: // an old kernel
		err = unix.Kill(pid, unix.SIGKILL)
	default:
		defer unix.Close(fd)
		if m := markOf(pid); m != 0 && !x.belongs(m) {
			return nil // the number is another's by now
		}
		err = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
	if err == unix.ESRCH {
		return nil
	}
	return err
}

// reapOrphan takes the status of a child that came to us as an orphan.
func reapOrphan(pid int) {
	// ECHILD: not a child of ours; no matter.
	_ = unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOHANG, nil)
}

// allForeign reports that none of the processes is ours to kill.
func allForeign(left []proc) bool {
	return !slices.ContainsFunc(left, func(p proc) bool { return unix.Kill(p.pid, 0) != unix.EPERM })
}

func stillThere(left []proc, cause error) error {
	var names []string
	for _, p := range left {
		names = append(names, fmt.Sprintf("%s (pid %d)", p.name, p.pid))
	}
	if cause == nil {
		cause = fmt.Errorf("still there after %s", endLimit)
	}
	return fault.New(fault.Forbidden, "cannot end what the job started: %s: %w", strings.Join(names, ", "), cause)
}
