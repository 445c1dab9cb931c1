package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway/internal/executor"
)

// Sweep implements executor.Executor. Without dead places it costs a lock
// attempt for each living one.
func (e *Executor) Sweep(ctx context.Context) (executor.Swept, error) {
	var swept executor.Swept
	entries, err := os.ReadDir(e.options.Root)
	if err != nil {
		return swept, fmt.Errorf("sweep: %w", err)
	}
	var failed error
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return swept, errors.Join(failed, err)
		}
		if !entry.IsDir() || !isSlotName(entry.Name()) {
			continue
		}
		one, err := e.sweepSlot(filepath.Join(e.options.Root, entry.Name()))
		failed = errors.Join(failed, err)
		swept.Processes += one.Processes
		swept.Folders += one.Folders
		swept.Others += one.Others
	}
	return swept, failed
}

func isSlotName(name string) bool {
	if _, err := strconv.ParseUint(name, 10, 31); err == nil {
		return true
	}
	return strings.HasPrefix(name, keepPrefix)
}

func (e *Executor) sweepSlot(path string) (executor.Swept, error) {
	s, err := lockSlot(path)
	if s == nil {
		if err == errGone {
			err = nil
		}
		return executor.Swept{}, err
	}
	left, dead := s.left()
	if !dead { // kept, or its owner died before it began (then it is empty)
		defer s.release()
		if os.Remove(path) == nil {
			return executor.Swept{Folders: 1}, nil
		}
		return executor.Swept{}, nil
	}
	return e.bury(s, left)
}

// bury ends and removes all that a dead owner left of a slot, and the slot.
func (e *Executor) bury(s *slot, left state) (executor.Swept, error) {
	swept, err := e.clear(s, left)
	if err != nil {
		s.release()
		return swept, err
	}
	if left.Keep {
		return swept, s.keep()
	}
	swept.Folders = 1
	return swept, s.remove()
}

// clear ends and removes all that a dead owner left in a slot, but for the
// folders it was to keep.
func (e *Executor) clear(s *slot, left state) (executor.Swept, error) {
	var swept executor.Swept
	dead := ending{belongs: func(mark) bool { return false }, thorough: true}
	if m := parseMark(left.Mark); m != 0 {
		dead.belongs = m.covers
	}
	s.group = openGroup(left.Group)
	if s.group != nil {
		dead.groups = []*group{s.group}
		swept.Others = 1
	}
	var err error
	if swept.Processes, err = dead.run(); err != nil {
		return swept, err
	}
	if err := s.removeGroup(); err != nil {
		return swept, err
	}
	if left.Keep {
		return swept, nil
	}
	return swept, removeBelow(s.dir, s.path, nil)
}
