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

	session int          // our own
	ended   map[int]bool // the living that were seen
	dead    map[int]bool // the dead that were seen and that we could not wait for
}

// run kills until a look finds nothing, whatever forks meanwhile, and returns
// how many processes it ended. After endLimit, or when all that is left belongs
// to others, it gives up with an error that names them.
func (x *ending) run() (int, error) {
	var err error
	if x.session, err = unix.Getsid(0); err != nil {
		return 0, err
	}
	x.ended, x.dead = map[int]bool{}, map[int]bool{}
	deadline := time.Now().Add(endLimit)
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		known := len(x.ended)
		failed := x.killGroups()
		left, none, err := x.killMarked()
		if err != nil {
			return len(x.ended), err
		}
		if none && failed == nil && !slices.ContainsFunc(x.groups, (*group).populated) {
			return len(x.ended), nil
		}
		if time.Now().After(deadline) || len(left) > 0 && !slices.ContainsFunc(left, mayKill) {
			return len(x.ended), x.stillThere(left, failed)
		}
		if len(x.ended) == known { // all are dying; else look again at once, for what they forked
			time.Sleep(pause)
		}
	}
}

func (x *ending) killGroups() error {
	var failed error
	for _, g := range x.groups {
		members, err := g.members()
		for _, pid := range members {
			x.ended[pid] = true
		}
		failed = errors.Join(failed, err, g.kill())
	}
	return failed
}

// killMarked kills the marked processes, each as soon as it is seen, takes the
// statuses of those that are dead and ours to wait for, and returns those that
// are left. It reports that there are none only when it saw none: one that has
// died since it was seen may have forked before. A dead child of somebody
// else's, who will wait for it or not, counts no more when it is seen again.
func (x *ending) killMarked() (left []proc, none bool, err error) {
	var pids []int
	err = visitOwned(x.belongs, x.thorough, func(pid int) {
		pids = append(pids, pid)
		x.kill(pid)
	})
	none = true
	for _, pid := range pids {
		if x.reap != nil {
			x.reap(pid)
		} else {
			reapOrphan(pid)
		}
		p, there := readProc(pid)
		if there && p.dead && x.dead[pid] && p.parent != os.Getpid() && !slices.Contains(pids, p.parent) {
			continue
		}
		none, x.dead[pid] = false, p.dead
		if there {
			left = append(left, p)
		}
	}
	return left, none, err
}

// kill ends the process pid if it is still the one that was found. Whether it
// could is seen when it is still there.
func (x *ending) kill(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return
	}
	p, there := readProc(pid)
	if !there || p.dead {
		if err == nil {
			_ = unix.Close(fd)
		}
		return
	}
	x.ended[pid] = true
	if err != nil { // an old kernel
		_ = unix.Kill(pid, unix.SIGKILL)
		return
	}
	defer unix.Close(fd)
	if isOwned(pid, x.session, x.belongs, x.thorough) { // else the number is another's by now
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// reapOrphan takes the status of a child that came to us as an orphan.
func reapOrphan(pid int) {
	// ECHILD: not a child of ours; no matter.
	_ = unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOHANG, nil)
}

// mayKill reports that the process is ours to kill.
func mayKill(p proc) bool { return unix.Kill(p.pid, 0) != unix.EPERM }

func (x *ending) stillThere(left []proc, cause error) error {
	var names []string
	for _, g := range x.groups {
		members, err := g.members()
		cause = errors.Join(cause, err)
		for _, pid := range members {
			if p, there := readProc(pid); there && !slices.ContainsFunc(left, func(l proc) bool { return l.pid == pid }) {
				left = append(left, p)
			}
		}
	}
	for _, p := range left {
		names = append(names, fmt.Sprintf("%s (pid %d)", p.name, p.pid))
	}
	if cause == nil {
		cause = fmt.Errorf("not ended by SIGKILL in %s, or another user's", endLimit)
	}
	return fault.New(fault.Forbidden, "cannot end what the job started: %s: %w", strings.Join(names, ", "), cause)
}
