package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// proc is a process as /proc shows it.
type proc struct {
	pid, parent, group, session int
	name                        string
	dead                        bool // a zombie nobody has waited for yet
}

// readProc reads /proc/PID/stat; false when the process is gone.
func readProc(pid int) (proc, bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return proc{}, false
	}
	// pid (name) state ppid pgrp session …; the name may hold anything.
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return proc{}, false
	}
	p := proc{pid: pid, name: string(data[open+1 : end])}
	var state string
	if _, err := fmt.Sscan(string(data[end+1:]), &state, &p.parent, &p.group, &p.session); err != nil {
		return proc{}, false
	}
	p.dead = state == "Z" || state == "X"
	return p, true
}

// owned is the ids of all processes on the machine that belong to a place whose
// mark belongs accepts. Those of our own session are never among them. A
// thorough look also opens every environment, which costs 10 µs a process.
func owned(belongs func(mark) bool, thorough bool) ([]int, error) {
	var pids []int
	err := visitOwned(belongs, thorough, func(pid int) { pids = append(pids, pid) })
	return pids, err
}

// visitOwned calls visit with each of them as soon as it is found.
func visitOwned(belongs func(mark) bool, thorough bool, visit func(pid int)) error {
	dir, err := os.Open("/proc")
	if err != nil {
		return err
	}
	defer dir.Close()
	own, err := unix.Getsid(0)
	if err != nil {
		return err
	}
	for {
		names, err := dir.Readdirnames(64) // few, so that they are fresh
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil && isOwned(pid, own, belongs, thorough) {
				visit(pid)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isOwned(pid, ownSession int, belongs func(mark) bool, thorough bool) bool {
	if session, err := unix.Getsid(pid); err != nil || session == ownSession {
		return false
	}
	m := markOf(pid)
	if m == 0 && thorough {
		m = envMarkOf(pid)
	}
	return m != 0 && belongs(m)
}

// orphans lists the children of this process's main thread: the kernel hands
// the orphans of a child subreaper to that thread, which never ends in Go. Our
// own children started from that thread are among them.
type orphans struct {
	file *os.File // nil where the kernel lacks the file: nothing is known
}

func openOrphans() orphans {
	pid := strconv.Itoa(os.Getpid())
	file, err := os.Open("/proc/self/task/" + pid + "/children")
	if err != nil {
		return orphans{}
	}
	return orphans{file}
}

// known is false where the kernel can't say: then only a look at all processes can.
func (o orphans) known() bool { return o.file != nil }

// list reads until two answers agree: the kernel may miss one child while
// another one is just ending.
func (o orphans) list() ([]int, error) {
	last, err := o.read()
	for err == nil {
		var again string
		if again, err = o.read(); again == last {
			break
		}
		last = again
	}
	if err != nil {
		return nil, err
	}
	var pids []int
	for field := range strings.FieldsSeq(last) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func (o orphans) read() (string, error) {
	var text strings.Builder
	var buf [4096]byte
	for {
		n, err := o.file.ReadAt(buf[:], int64(text.Len()))
		text.Write(buf[:n])
		if err == io.EOF || err == nil && n == 0 {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (o orphans) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}
