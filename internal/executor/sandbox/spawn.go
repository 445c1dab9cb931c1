package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// errGone says that the sandbox's init has ended.
var errGone = fault.New(fault.Conflict, "the job's sandbox has ended: its place was closed, or the machine ran out of memory and its first process was killed")

// spawn starts the init in its namespaces.
func (p *Place) spawn() error {
	ours, childs, err := newWires()
	if err != nil {
		return err
	}
	defer childs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return errors.Join(err, ours.file.Close())
	}
	defer null.Close()
	attr := syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{},
		Files: []uintptr{null.Fd(), null.Fd(), os.Stderr.Fd(), childs.Fd()},
		Sys:   attributes(),
	}
	if p.pid, err = syscall.ForkExec("/proc/self/exe", []string{initName}, &attr); err != nil {
		return errors.Join(noNamespaces(err), ours.file.Close())
	}
	p.wire = ours
	go p.listen()
	return nil
}

// attributes are the namespaces of an init. It is a group of its own, out of a
// terminal's reach. (The kernel ends it with the thread that forks, which in Go
// lives as long as the process.)
func attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Setpgid:    true,
		Pdeathsig:  syscall.SIGKILL,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		// To mount; and an overlay uses its mounter's rights for its own folders.
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER}
	}
	return attr
}

// noNamespaces says why the kernel gives no namespaces.
func noNamespaces(err error) error {
	why := "the kernel has them off"
	switch {
	case err == unix.EPERM && os.Geteuid() == 0:
		why = "this root lacks the right to make namespaces (CAP_SYS_ADMIN), as in most containers"
	case isSysctl("kernel/unprivileged_userns_clone", "0"):
		why = "ordinary users may not make user namespaces here (sysctl kernel.unprivileged_userns_clone=0)"
	case isSysctl("kernel/apparmor_restrict_unprivileged_userns", "1"):
		why = "AppArmor keeps user namespaces from ordinary users here (sysctl kernel.apparmor_restrict_unprivileged_userns=1)"
	case err == unix.ENOSPC, isSysctl("user/max_user_namespaces", "0"):
		why = "no more user namespaces are allowed (sysctl user.max_user_namespaces)"
	}
	return fault.New(fault.Missing, "no sandbox here: %s: %w", why, err)
}

func isSysctl(name, value string) bool {
	data, err := os.ReadFile("/proc/sys/" + name)
	return err == nil && strings.TrimSpace(string(data)) == value
}

// ask sends a request and waits for its answer.
func (p *Place) ask(m message, files ...*os.File) (message, error) {
	if m.ID == 0 {
		m.ID = p.ids.Add(1)
	}
	answer := make(chan message, 1)
	p.mu.Lock()
	if p.gone || p.wire == nil {
		p.mu.Unlock()
		return message{}, errGone
	}
	p.answers[m.ID] = answer
	p.mu.Unlock()
	if err := p.wire.send(m, files...); err != nil {
		p.mu.Lock()
		delete(p.answers, m.ID)
		p.mu.Unlock()
		if errors.Is(err, unix.EPIPE) || errors.Is(err, os.ErrClosed) || errors.Is(err, unix.ECONNRESET) {
			err = errGone
		}
		return message{}, err
	}
	m, answered := <-answer
	if !answered {
		return m, errGone
	}
	return m, m.Fault.err()
}

// listen gives what the init tells to whom it concerns, until it is gone.
func (p *Place) listen() {
	for {
		m, files, err := p.wire.receive()
		closeAll(files)
		if err != nil {
			p.lost()
			return
		}
		p.mu.Lock()
		answer, command := p.answers[m.ID], p.commands[m.ID]
		if m.Op == opEnded {
			delete(p.commands, m.ID)
		} else {
			delete(p.answers, m.ID)
		}
		p.mu.Unlock()
		switch {
		case m.Op == opEnded && command != nil:
			command.end(m)
		case m.Op == opAnswer && answer != nil:
			answer <- m
		}
	}
}

// lost ends all that waits for the init: the kernel has killed every command.
func (p *Place) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	for _, answer := range p.answers {
		close(answer)
	}
	clear(p.answers)
	for _, command := range p.commands {
		command.end(message{Code: 128 + int(unix.SIGKILL), Signal: int(unix.SIGKILL)})
	}
	clear(p.commands)
}

// end ends the init, and with it all processes of the sandbox. When its status
// is there, so is every one's.
func (p *Place) end() error {
	if p.pid == 0 {
		return p.group.remove()
	}
	if err := unix.Kill(p.pid, unix.SIGKILL); err != nil && err != unix.ESRCH {
		return fmt.Errorf("end the sandbox: %w", err)
	}
	deadline := time.Now().Add(endLimit)
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		pid, err := unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
		if pid == p.pid || err == unix.ECHILD {
			break
		}
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for the sandbox's end: %w", err)
		}
		if time.Now().After(deadline) {
			return fault.New(fault.Forbidden, "the sandbox of job %s does not end (pid %d, after %s)", p.job, p.pid, endLimit)
		}
		time.Sleep(pause)
	}
	return errors.Join(p.wire.file.Close(), p.group.remove())
}
