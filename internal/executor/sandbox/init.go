package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
	"slipway/internal/executor/host"
	"slipway/internal/fault"
)

// initName is the init's Args[0]: the hidden entry into any binary that calls Init.
const initName = "slipway-sandbox-init"

// initSocket is the descriptor on which the init finds its end of the socket.
const initSocket = 3

// Init is called first thing by the main function of every binary that uses the
// executor (and by TestMain of its tests), on the main goroutine. It reports
// false when the process is an ordinary one. Otherwise the process was started
// as the init of a sandbox; it has done its work, and exits with code.
func Init() (code int, isInit bool) {
	if len(os.Args) != 1 || os.Args[0] != initName || os.Getpid() != 1 {
		return 0, false
	}
	// A mark of the host executor, come over from a fork of its own at that
	// moment, is not meant for what runs here.
	var locks unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_LOCKS, &locks) == nil {
		_ = unix.Setrlimit(unix.RLIMIT_LOCKS, &unix.Rlimit{Cur: locks.Max, Max: locks.Max}) // allowed to all
	}
	// The thread that forks the job's commands gives up its rights, and they
	// inherit what is left. The other threads keep theirs.
	runtime.LockOSThread()
	in := &initProcess{
		wire:     &wire{file: os.NewFile(initSocket, "sandbox's end")},
		commands: map[uint64]executor.Process{},
		signals:  make(chan os.Signal, 1),
	}
	if err := in.serve(); err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1, true
	}
	return 0, true
}

// initProcess is process 1 of a sandbox. It makes the sandbox's view of the
// machine, then runs commands in it as the host executor does, whose orphans it
// inherits. When it ends, the kernel ends all others.
type initProcess struct {
	wire    *wire
	place   executor.Place
	signals chan os.Signal

	mu       sync.Mutex
	commands map[uint64]executor.Process
}

// serve does what it is asked until the other end is gone.
func (in *initProcess) serve() error {
	// What else this process was born with must not come to the job.
	if err := unix.CloseRange(initSocket, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		for _, name := range names("/proc/self/fd") { // before Linux 5.11
			if fd, err := strconv.Atoi(name); err == nil && fd >= initSocket {
				unix.CloseOnExec(fd)
			}
		}
	}
	m, files, err := in.wire.receive()
	closeAll(files)
	if err != nil {
		return err
	}
	if m.Op != opSetup || m.Setup == nil {
		return fmt.Errorf("the first request is %q", m.Op)
	}
	err = in.begin(*m.Setup)
	if e := in.answer(message{ID: m.ID}, err); err != nil || e != nil {
		return e
	}
	for {
		m, files, err := in.wire.receive()
		if err != nil {
			return err
		}
		switch m.Op {
		case opStart:
			err = in.start(m, files)
		case opSignal:
			go in.signal(m)
		case opCount:
			go in.count(m)
		default:
			err = fmt.Errorf("unknown request %q", m.Op)
		}
		closeAll(files)
		if err != nil {
			return err
		}
	}
}

func (in *initProcess) answer(m message, err error) error {
	m.Op, m.Fault = opAnswer, problemOf(err)
	return in.wire.send(m)
}

// reserveThreads makes the threads that the init will need and leaves them to
// Go's scheduler. A job that uses up all processes it may have would otherwise
// leave none for a thread, without which Go ends the process.
func reserveThreads() {
	const enough = 16
	var made sync.WaitGroup
	leave := make(chan struct{})
	for range enough {
		made.Add(1)
		go func() {
			runtime.LockOSThread() // one thread each, until all have one
			made.Done()
			<-leave
			runtime.UnlockOSThread()
		}()
	}
	made.Wait()
	close(leave)
}

// begin makes the sandbox and takes the thread's rights away.
func (in *initProcess) begin(s setup) error {
	// A job may signal process 1. Only a signal that is caught can't end it,
	// and is as new in what it starts.
	signal.Notify(in.signals)
	// Nor may it look into this process, or into the memory that a command
	// shares with it between fork and exec.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("protect the sandbox's init: %w", err)
	}
	if err := s.build(); err != nil {
		return err
	}
	var err error
	machine, err := host.New(host.Options{Root: s.State, Env: []string{}, NoGroups: true})
	if err != nil {
		return err
	}
	if in.place, err = machine.Prepare(context.Background(), executor.Spec{Job: "sandbox"}); err != nil {
		return err
	}
	reserveThreads()
	if err := s.limitNumbers(); err != nil {
		return err
	}
	return s.restrict()
}

// start starts a command, and answers when it has, before it can have ended.
func (in *initProcess) start(m message, files []*os.File) error {
	cmd := executor.Command{Args: toStrings(m.Args), Env: toStrings(m.Env), Dir: string(m.Dir)}
	if want := count(m.Stdin) + count(m.Output); len(files) != want {
		return fmt.Errorf("%d files came with a command, not %d", len(files), want)
	}
	if m.Stdin {
		cmd.Stdin = files[0]
	}
	if m.Output {
		cmd.Output = files[len(files)-1]
	}
	process, err := in.place.Start(context.Background(), cmd)
	if err == nil {
		in.mu.Lock()
		in.commands[m.ID] = process
		in.mu.Unlock()
	}
	if e := in.answer(message{ID: m.ID}, err); e != nil || err != nil {
		return e
	}
	go in.wait(m.ID, process)
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wait tells how a command ended. A command stays known: what it left in its
// session can be signalled still.
func (in *initProcess) wait(id uint64, process executor.Process) {
	status, err := process.Wait()
	// A failing send has failed the receiving end, too, which ends serve.
	_ = in.wire.send(message{
		Op: opEnded, ID: id, Code: status.Code, Signal: int(status.Signal), CPU: int64(status.CPU), Fault: problemOf(err),
	})
}

func (in *initProcess) signal(m message) {
	in.mu.Lock()
	process := in.commands[m.Command]
	in.mu.Unlock()
	err := error(fault.New(fault.NotFound, "no such command"))
	if process != nil {
		err = process.Signal(syscall.Signal(m.Signal))
	}
	_ = in.answer(message{ID: m.ID}, err) // as in wait
}

func (in *initProcess) count(m message) {
	_ = in.answer(message{ID: m.ID, Count: in.place.Processes()}, nil) // as in wait
}
