package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"slipway/internal/fault"
)

// Lock is a lock between processes on a file, gone with the process that holds
// it and every process it handed the file to.
type Lock struct {
	file *os.File
}

// AcquireLock takes the lock at path, making the file and its folders when they
// are missing. It waits until it has the lock or ctx ends.
func AcquireLock(ctx context.Context, path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fault.New(fault.Internal, "lock: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fault.New(fault.Internal, "lock: %w", err)
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return &Lock{file: f}, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			f.Close()
			return nil, fault.New(fault.Internal, "lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-poll.C:
		}
	}
}

// Release gives the lock up.
func (l *Lock) Release() { l.file.Close() }
