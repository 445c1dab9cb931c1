package host

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
)

// process is a started command: a child of ours, leader of its session and group.
type process struct {
	place *Place
	pid   int

	mu     sync.Mutex
	ended  bool // its status was taken: pid may be another's by now
	status executor.Status
	err    error
}

// Wait implements executor.Process.
func (p *process) Wait() (executor.Status, error) {
	for !p.reap() {
		if err := p.await(); err != nil && err != unix.EINTR && err != unix.ECHILD {
			return executor.Status{}, fmt.Errorf("wait for process %d: %w", p.pid, err)
		}
	}
	return p.status, p.err
}

// await waits until the command has ended. The status stays for reap, so that
// Signal never meets a number that is another's.
//
// It waits in Go's poller: a blocking waitid keeps one of the scheduler's
// processors until its monitor takes it away, milliseconds later, and with as
// many commands running as there are processors nothing else of ours goes on.
func (p *process) await() error {
	fd, err := unix.PidfdOpen(p.pid, unix.PIDFD_NONBLOCK)
	if err != nil { // before Linux 5.10
		return p.block()
	}
	file := os.NewFile(uintptr(fd), "pidfd")
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return p.block()
	}
	if conn.Read(p.hasEnded) != nil { // the poller does not take it
		return p.block()
	}
	return nil
}

// hasEnded reports whether the command has ended, as far as its pidfd tells.
func (p *process) hasEnded(pidfd uintptr) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PIDFD, int(pidfd), &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return err != nil && err != unix.EINTR || info.Signo != 0
}

// block waits in the kernel until the command has ended.
func (p *process) block() error {
	return unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
}

// reap takes the status if the command has ended, and reports whether it has.
func (p *process) reap() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return true
	}
	var ws syscall.WaitStatus
	var usage syscall.Rusage
	pid, err := syscall.Wait4(p.pid, &ws, syscall.WNOHANG, &usage)
	if err == syscall.EINTR || err == nil && pid == 0 {
		return false
	}
	p.ended = true
	p.place.forget(p)
	if err != nil {
		p.err = fmt.Errorf("wait for process %d: %w", p.pid, err)
		return true
	}
	p.status = executor.Status{
		Code: ws.ExitStatus(),
		CPU:  time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
	}
	if ws.Signaled() {
		p.status.Signal = ws.Signal()
		p.status.Code = 128 + int(ws.Signal())
	}
	return true
}

// Signal implements executor.Process. SIGKILL also reaches what left the
// session but still descends from the command.
func (p *process) Signal(sig syscall.Signal) error {
	sent := map[int]bool{}
	for {
		targets, err := p.signalGroup(sig)
		before := len(sent)
		for _, target := range targets {
			if sent[target.pid] {
				continue
			}
			sent[target.pid] = true
			if e := unix.Kill(target.pid, sig); e != nil && e != unix.ESRCH {
				err = errors.Join(err, fmt.Errorf("signal %s (pid %d): %w", target.name, target.pid, e))
			}
		}
		// A kill has to catch up with what is forking; another signal is sent once.
		if sig != syscall.SIGKILL || len(sent) == before || err != nil {
			return err
		}
	}
}

// signalGroup signals the command's process group, and returns the other
// living processes that are recognisably the command's.
func (p *process) signalGroup(sig syscall.Signal) ([]proc, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	members, err := p.place.members()
	if err != nil {
		return nil, err
	}
	if !p.ended {
		if err := unix.Kill(-p.pid, sig); err != nil && err != unix.ESRCH {
			return nil, fmt.Errorf("signal process group %d: %w", p.pid, err)
		}
	}
	tree := map[int]bool{}
	if sig == syscall.SIGKILL && !p.ended {
		tree = descendants(members, p.pid)
	}
	var others []proc
	for _, m := range members {
		switch {
		case m.dead, m.pid == p.pid:
		case m.group == p.pid && !p.ended: // signalled above
		case m.session == p.pid, m.group == p.pid, tree[m.pid]:
			others = append(others, m)
		}
	}
	return others, nil
}

// descendants are the ids of those members whose chain of parents leads to root.
func descendants(members []proc, root int) map[int]bool {
	found := map[int]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, m := range members {
			if !found[m.pid] && found[m.parent] {
				found[m.pid], grown = true, true
			}
		}
	}
	return found
}
