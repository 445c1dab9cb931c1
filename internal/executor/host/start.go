package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// busyLimit is how long a program that is open for writing is waited for. It
// is ours or another step's: a fork elsewhere in this process holds for a
// moment the file that a script was just written to.
const busyLimit = 2 * time.Second

// launch makes the process of cmd, marked and in the slot's group. It tells its
// number to started before any other code of ours can take it for an orphan.
func (p *Place) launch(ctx context.Context, cmd executor.Command, started func(pid int)) error {
	if len(cmd.Args) == 0 || cmd.Args[0] == "" {
		return fault.New(fault.Usage, "no program to start")
	}
	if cmd.Dir == "" {
		cmd.Dir = p.layout.Workspace
	}
	path, err := lookPath(cmd)
	if err != nil {
		return err
	}
	attr := syscall.ProcAttr{
		Dir:   cmd.Dir,
		Env:   p.environ(cmd.Env),
		Files: []uintptr{p.host.null.Fd(), p.host.null.Fd(), p.host.null.Fd()},
		// A session of its own, so that a signal reaches all of it. Should this
		// process be killed, the command dies at once and does no more harm; the
		// rest is the next sweep's. (The kernel binds that to the thread that
		// forks; Go ends a thread only with a goroutine locked to it.)
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	}
	if cmd.Stdin != nil {
		attr.Files[0] = cmd.Stdin.Fd()
	}
	if cmd.Output != nil {
		attr.Files[1], attr.Files[2] = cmd.Output.Fd(), cmd.Output.Fd()
	}
	if g := p.slot.group; g != nil && !p.groupless.Load() {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(g.dir.Fd())
	}
	err = p.fork(ctx, path, cmd.Args, &attr, started)
	runtime.KeepAlive(cmd) // its files, until they are the child's too
	if err != nil {
		return explainStart(err, path, cmd)
	}
	return nil
}

// fork starts the program. A program that is being written is tried again for
// a while, and a group this process may not put others into is done without.
func (p *Place) fork(ctx context.Context, path string, args []string, attr *syscall.ProcAttr, started func(pid int)) error {
	try := func() error {
		pid, err := syscall.ForkExec(path, args, attr)
		if err == nil {
			started(pid)
		}
		return err
	}
	begun := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := p.mark.forkMarked(try)
		if err != nil && err != syscall.ETXTBSY && attr.Sys.UseCgroupFD {
			attr.Sys.UseCgroupFD = false
			if err = p.mark.forkMarked(try); err == nil {
				p.groupless.Store(true)
			}
		}
		if err != syscall.ETXTBSY || time.Since(begun) > busyLimit || ctx.Err() != nil {
			return err
		}
		time.Sleep(pause)
	}
}

// environ is env with the place's mark.
func (p *Place) environ(env []string) []string {
	marked := make([]string, 0, len(env)+1)
	for _, entry := range env {
		if !strings.HasPrefix(entry, markEnv+"=") {
			marked = append(marked, entry)
		}
	}
	return append(marked, p.mark.env())
}

// defaultPath is searched without a PATH, as execvp does.
const defaultPath = "/bin:/usr/bin"

// lookPath finds the program of cmd as execvp would in the command's own
// environment. Nothing is remembered: looking costs 1 µs a folder, and a step
// may have installed a program a moment ago.
func lookPath(cmd executor.Command) (string, error) {
	name := cmd.Args[0]
	if strings.Contains(name, "/") {
		return name, nil
	}
	path := getenv(cmd.Env, "PATH")
	if path == "" {
		path = defaultPath
	}
	denied := ""
	for _, folder := range filepath.SplitList(path) {
		file := filepath.Join(folder, name)
		if !filepath.IsAbs(file) {
			file = filepath.Join(cmd.Dir, file)
		}
		var st unix.Stat_t
		if unix.Stat(file, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if unix.Faccessat(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS) == nil {
			return file, nil
		}
		denied = file
	}
	if denied != "" {
		return "", fault.New(fault.Missing, "%s: found only as %s, which is not executable. Run chmod +x on it", name, denied)
	}
	return "", fault.New(fault.Missing, "%s: program not found in PATH (%s)", name, path)
}

// getenv is the first entry of name, as getenv(3) takes it.
func getenv(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name); ok && strings.HasPrefix(value, "=") {
			return value[1:]
		}
	}
	return ""
}

// explainStart says in words why the kernel would not start the program at path.
func explainStart(err error, path string, cmd executor.Command) error {
	if st, e := os.Stat(cmd.Dir); e != nil {
		return fault.New(fault.NotFound, "cannot start %s: its working directory cannot be entered: %w", cmd.Args[0], e)
	} else if !st.IsDir() {
		return fault.New(fault.NotFound, "cannot start %s: its working directory %s is not a folder", cmd.Args[0], cmd.Dir)
	} else if e := unix.Access(cmd.Dir, unix.X_OK); e != nil {
		return fault.New(fault.Forbidden, "cannot start %s: its working directory %s cannot be entered: %w", cmd.Args[0], cmd.Dir, e)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(cmd.Dir, path)
	}
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		if _, e := os.Stat(path); e != nil {
			return fault.New(fault.Missing, "%s: program not found", path)
		}
		return fault.New(fault.Missing, "%s: %s", path, missingInterpreter(path))
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fault.New(fault.Forbidden, "%s: %s: %w", path, whyDenied(path), err)
	case errors.Is(err, unix.ENOEXEC):
		return fault.New(fault.Missing, "%s: not a program this machine can run: no #! in its first line, or built for another processor", path)
	case errors.Is(err, unix.E2BIG):
		return fault.New(fault.Usage, "cannot start %s: %s", cmd.Args[0], tooBig(cmd))
	case errors.Is(err, unix.ETXTBSY):
		return fault.New(fault.Conflict, "%s: the program is still open for writing after %s", path, busyLimit)
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOMEM):
		return fault.New(fault.Missing, "cannot start %s: this machine can't take another process (limits of processes or memory): %w", path, err)
	case errors.Is(err, unix.EINVAL) && strings.Contains(strings.Join(cmd.Args, "")+strings.Join(cmd.Env, "")+cmd.Dir, "\x00"):
		return fault.New(fault.Usage, "cannot start %s: an argument or a variable holds a NUL byte", cmd.Args[0])
	}
	return fmt.Errorf("start %s: %w", path, err)
}

// missingInterpreter explains ENOENT for a file that is there.
func missingInterpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	defer f.Close()
	head := make([]byte, 256)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "cannot be read: " + err.Error()
	}
	line, script := bytes.CutPrefix(head[:n], []byte("#!"))
	if !script {
		return "the loader it was linked for is not on this machine: it was built for another system (another libc or processor)"
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	interpreter, _, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	if bytes.HasSuffix(line, []byte("\r")) {
		return fmt.Sprintf("its first line ends with a carriage return, so its interpreter %q is not found. Save it with Unix line ends", interpreter+"\r")
	}
	return fmt.Sprintf("its interpreter %s (named in its first line) is not on this machine", interpreter)
}

// whyDenied explains EACCES.
func whyDenied(path string) string {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return "cannot be reached"
	case st.IsDir():
		return "is a folder, not a program"
	case st.Mode()&0o111 == 0:
		return "not executable (run chmod +x on it)"
	}
	return "may not be executed (by its mode, its interpreter's, or a file system mounted noexec)"
}

// tooBig explains E2BIG by naming what is largest.
func tooBig(cmd executor.Command) string {
	total, largest, name := 0, 0, ""
	for _, entry := range cmd.Env {
		total += len(entry) + 1
		if len(entry) > largest {
			largest = len(entry)
			name, _, _ = strings.Cut(entry, "=")
			name = "variable " + name
		}
	}
	for i, arg := range cmd.Args {
		total += len(arg) + 1
		if len(arg) > largest {
			largest, name = len(arg), fmt.Sprintf("argument %d", i)
		}
	}
	return fmt.Sprintf("its arguments and environment are %d bytes, of which %s has %d. Linux takes 131072 for each and about 2 MiB in all; pass it in a file", total, name, largest)
}
