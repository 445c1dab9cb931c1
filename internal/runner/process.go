package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"slipway/internal/executor"
	"slipway/internal/runner/logline"
)

// Why a step's context ended.
var (
	errTimedOut  = errors.New("the step has timed out")
	errCancelled = errors.New("the operation was canceled")
	errEnded     = errors.New("the job was ended") // nothing more may run
)

// processes starts the commands of a job in its place, and ends them.
type processes struct {
	place executor.Place
	waits Waits
	ended context.Context // nothing may run any more
	log   *slog.Logger
	left  leftovers
	noisy atomic.Bool // a command left something running
}

func (p *processes) close() { p.left.close() }

// alone reports whether no process of the job is left. Once there was one it
// says no without looking: that could mean a look at every process of the machine.
func (p *processes) alone() bool {
	if p.noisy.Load() {
		return false
	}
	alone := p.place.Processes() == 0
	p.noisy.Store(!alone)
	return alone
}

// run runs a command to its end and returns its exit code. started, which may
// be nil, is called when it has started, or couldn't. When ctx ends, the command
// is stopped as ProcessInvoker.cs does it, and ctx's cause is the error.
func (p *processes) run(ctx context.Context, c executor.Command, started func()) (int, error) {
	if started == nil {
		started = func() {}
	}
	if ctx.Err() != nil {
		started()
		return 0, context.Cause(ctx)
	}
	process, err := p.place.Start(ctx, c)
	started()
	if err != nil {
		return 0, err
	}
	exited := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { p.terminate(ctx, process, exited) })
	status, err := process.Wait()
	close(exited)
	stop()
	switch {
	case ctx.Err() != nil:
		return status.Code, context.Cause(ctx)
	case err != nil:
		return status.Code, fmt.Errorf("wait for %s: %w", c.Args[0], err)
	}
	return status.Code, nil
}

// terminate stops a process: SIGINT, SIGTERM, SIGKILL with GitHub's waits
// between, or SIGKILL at once when the job itself is ended.
func (p *processes) terminate(ctx context.Context, process executor.Process, exited <-chan struct{}) {
	for _, next := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, p.waits.Interrupt}, {syscall.SIGTERM, p.waits.Terminate}} {
		if p.ended.Err() != nil {
			break
		}
		if err := process.Signal(next.signal); err != nil {
			p.log.WarnContext(ctx, "signal a step's process", "signal", next.signal, "error", err)
		}
		timer := time.NewTimer(next.wait)
		select {
		case <-exited:
			timer.Stop()
			return
		case <-timer.C:
		case <-p.ended.Done():
			timer.Stop()
		}
	}
	if err := process.Signal(syscall.SIGKILL); err != nil {
		p.log.WarnContext(ctx, "kill a step's process", "error", err)
	}
}

// console carries what programs print to somebody.
type console struct {
	processes *processes
	reader    *outputReader
	write     *os.File   // for the programs; closed when the last of them has started
	copied    chan error // how reading ended
}

// openConsole makes a console whose output take reads until it ends.
func (p *processes) openConsole(take func(io.Reader) error) (*console, error) {
	read, write, err := newPipe()
	if err != nil {
		return nil, err
	}
	c := &console{processes: p, reader: &outputReader{file: read, left: maxPipe}, write: write, copied: make(chan error, 1)}
	go func() { c.copied <- take(c.reader) }()
	return c, nil
}

// close waits for what is left to read, but not forever: processes that an
// ended program left behind may hold the pipe. After a while the step goes on
// without them, and what they print later is read, so that they can go on too,
// and dropped.
func (c *console) close() error {
	timer := time.NewTimer(c.processes.waits.Streams)
	defer timer.Stop()
	select {
	case err := <-c.copied:
		return errors.Join(err, c.reader.file.Close())
	case <-timer.C:
	case <-c.processes.ended.Done():
	}
	if err := c.reader.cutOff(); err != nil {
		return err
	}
	err := <-c.copied
	c.processes.left.add(c.reader.file)
	return err
}

// runInto runs a command whose output take reads until it ends.
func (p *processes) runInto(ctx context.Context, c executor.Command, take func(io.Reader) error) (int, error) {
	console, err := p.openConsole(take)
	if err != nil {
		return 0, err
	}
	c.Output = console.write
	code, err := p.run(ctx, c, func() { console.write.Close() })
	if readErr := console.close(); err == nil && readErr != nil {
		err = fmt.Errorf("read the output of %s: %w", c.Args[0], readErr)
	}
	return code, err
}

// toLog returns what reads the output of the step's programs: it is logged, and
// commands in it are obeyed.
func (r *stepRun) toLog() func(io.Reader) error {
	r.log.flush()
	out := newOutput(r)
	return func(from io.Reader) error { return logline.Copy(from, r.job.report.masks, out) }
}

// command runs a program of the step to its end and returns its exit code.
func (r *stepRun) command(ctx context.Context, c executor.Command) (int, error) {
	code, err := r.job.processes.runInto(ctx, c, r.toLog())
	if err == nil {
		r.exit = &code
	}
	return code, err
}

// leftovers are the pipes that outlive their steps.
type leftovers struct {
	mu    sync.Mutex
	files []*os.File
	done  sync.WaitGroup
}

// add reads a pipe and drops what comes until it ends or is closed.
func (l *leftovers) add(file *os.File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = append(l.files, file)
	l.done.Go(func() {
		if err := file.SetReadDeadline(time.Time{}); err == nil {
			_, _ = io.Copy(io.Discard, file) // an error is the end too
		}
	})
}

// close ends them all.
func (l *leftovers) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, file := range l.files {
		file.Close()
	}
	l.done.Wait()
}

// newPipe returns a pipe whose read end can be given a deadline and whose
// write end blocks, as programs expect.
func newPipe() (read, write *os.File, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "output"), os.NewFile(uintptr(fds[1]), "output"), nil
}

// outputReader reads a pipe until its writers are gone or, once cut off, until
// what was written by then has been read.
type outputReader struct {
	file *os.File
	left int // bytes that may still be read once cut off
}

// maxPipe is the most a pipe holds unless an administrator allows more.
const maxPipe = 1 << 20

// cutOff makes Read end with what the pipe holds now. It may be called beside Read.
func (r *outputReader) cutOff() error { return r.file.SetReadDeadline(time.Unix(1, 0)) }

// Read implements io.Reader.
func (r *outputReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return r.rest(p)
	}
	return n, err
}

// rest reads without waiting.
func (r *outputReader) rest(p []byte) (n int, err error) {
	conn, err := r.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	p = p[:min(len(p), r.left)]
	var readErr error
	if err := conn.Control(func(fd uintptr) { n, readErr = syscall.Read(int(fd), p) }); err != nil {
		return 0, err
	}
	if n <= 0 || readErr != nil {
		return 0, io.EOF
	}
	r.left -= n
	return n, nil
}
