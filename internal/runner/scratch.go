package runner

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"syscall"
)

// scratch makes the small files through which we and a step speak: scripts and
// command files. On a busy disk making a file costs more than starting a shell
// (ext4: 20–300 µs), so one that a step left untouched, and that no process is
// left to touch, serves the next step too.
type scratch struct {
	host, inner string // its folder as we and commands see it

	mu   sync.Mutex
	made int
	free map[string][]scratchFile // by use
}

// scratchFile is one file; name is relative to the folder.
type scratchFile struct{ use, name string }

// scratchMode lets other users of a job, such as a container's, read and, as
// GitHub's runner has it, only its own write.
const scratchMode = 0o644

func newScratch(host, inner string) *scratch {
	return &scratch{host: host + "/", inner: inner + "/", free: map[string][]scratchFile{}}
}

// take returns a file for a use (what its name begins with) and an extension.
// A new one is empty; one that served before holds what it held then.
func (s *scratch) take(use, extension string) (scratchFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := use + extension
	if free := s.free[key]; len(free) > 0 {
		s.free[key] = free[:len(free)-1]
		return free[len(free)-1], nil
	}
	s.made++
	f := scratchFile{use: key, name: use + "_" + strconv.Itoa(s.made) + extension}
	if err := s.make(f); err != nil {
		return f, fmt.Errorf("make a file for the step: %w", err)
	}
	return f, nil
}

// make makes an empty file, or takes the one that an earlier job left to the place.
func (s *scratch) make(f scratchFile) error {
	const flags = syscall.O_CREAT | syscall.O_WRONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	fd, err := ignoringEINTR(func() (int, error) { return syscall.Open(s.host+f.name, flags, scratchMode) })
	if err != nil {
		return err
	}
	var st syscall.Stat_t
	err = syscall.Fstat(fd, &st)
	if err == nil && st.Mode != syscall.S_IFREG|scratchMode {
		err = syscall.Fchmod(fd, scratchMode) // whatever our umask says
	}
	if err == nil && st.Size > 0 { // cutting nothing off would cost as much as cutting
		err = syscall.Ftruncate(fd, 0)
	}
	return errors.Join(err, syscall.Close(fd))
}

// giveBack keeps a file for the next step if it is as good as new: not linked
// to, locked or become something else. No process may be left to touch it.
func (s *scratch) giveBack(f scratchFile, st *syscall.Stat_t) {
	if st.Nlink != 1 || st.Mode != syscall.S_IFREG|scratchMode {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[f.use] = append(s.free[f.use], f)
}

// write replaces what a file holds. Cutting it to nothing first would make
// ext4 write it to disk when it is closed; and package os would ask in vain
// whether the file can be polled.
func (s *scratch) write(f scratchFile, content string) error {
	fd, err := ignoringEINTR(func() (int, error) {
		return syscall.Open(s.host+f.name, syscall.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", f.name, err)
	}
	err = fill(fd, content)
	if closeErr := syscall.Close(fd); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return nil
}

// fill makes content all that a file holds.
func fill(fd int, content string) error {
	data := []byte(content)
	for done := 0; done < len(data); {
		n, err := ignoringEINTR(func() (int, error) { return syscall.Write(fd, data[done:]) })
		if err != nil {
			return err
		}
		done += n
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Size <= int64(len(data)) {
		return err
	}
	_, err := ignoringEINTR(func() (int, error) { return 0, syscall.Ftruncate(fd, int64(len(data))) })
	return err
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// stat looks at a file without following a link; false when it is gone.
func (s *scratch) stat(f scratchFile) (syscall.Stat_t, bool) {
	var st syscall.Stat_t
	err := syscall.Lstat(s.host+f.name, &st)
	return st, err == nil
}
