package builtin

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// workPrefix starts the names of work folders. Run ids, their neighbours, are numbers.
const workPrefix = ".slipway-"

// workFolder is a folder of one process, under a lock that ends with it.
type workFolder struct {
	path string
	lock *os.File // the folder itself
}

// makeWork makes a work folder in dir.
func makeWork(dir string) (*workFolder, error) {
	for {
		path, err := os.MkdirTemp(dir, workPrefix)
		if err != nil {
			return nil, err
		}
		if w, err := lockWork(path, unix.LOCK_EX); err != nil || w != nil {
			return w, err
		}
		// A sweep came before our lock and has removed it.
	}
}

// lockWork takes the lock of the folder at path; nil, nil when it is gone, or,
// with LOCK_NB, when a living process has it.
func lockWork(path string, how int) (*workFolder, error) {
	folder, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(folder.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, folder.Close()
	}
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "lock", Path: path, Err: err}, folder.Close())
	}
	locked, err := folder.Stat()
	there, gone := os.Lstat(path)
	if err != nil || gone != nil || !os.SameFile(locked, there) {
		return nil, errors.Join(err, folder.Close())
	}
	return &workFolder{path: path, lock: folder}, nil
}

// remove removes the folder and gives the lock up.
func (w *workFolder) remove() error {
	return errors.Join(os.RemoveAll(w.path), w.lock.Close())
}

// sweepWork removes the work folder of a process that is dead.
func sweepWork(path string) error {
	w, err := lockWork(path, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil || w == nil {
		return err
	}
	return w.remove()
}
