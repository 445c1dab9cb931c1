package gitrepo

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// copier copies files from one folder into another, as git would check them
// out: the exec bit and symbolic links are kept, other permissions are not.
// Times are kept, so that an index made for the originals holds for the copies.
// Copies share no data that could be written through: reflinks at most.
type copier struct {
	from, to  string
	noReflink atomic.Bool // the file system said it can't
}

// copy copies the named files, slash-separated paths relative to from. A name
// that is no longer there, or is a device or the like, is left out; of a folder
// only the folder itself is made.
func (c *copier) copy(ctx context.Context, names []string) error {
	names, err := c.makeFolders(names)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(2*runtime.GOMAXPROCS(0), len(names)) {
		group.Go(func() {
			buffer := make([]byte, copyBuffer)
			for ctx.Err() == nil {
				end := int(next.Add(copyBatch))
				if end-copyBatch >= len(names) {
					return
				}
				for _, name := range names[end-copyBatch : min(end, len(names))] {
					if err := c.copyOne(name, buffer); err != nil {
						cancel(fault.New(fault.Internal, "copy %s to %s: %w", filepath.Join(c.from, name), c.to, err))
						return
					}
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// makeFolders makes the folders the names lie in and returns the names whose
// folders are real ones: git sees no files behind a symbolic link.
func (c *copier) makeFolders(names []string) ([]string, error) {
	real := map[string]bool{".": true}
	var keep []string
	for _, name := range names {
		ok, err := c.makeFolder(path.Dir(name), real)
		if err != nil {
			return nil, err
		}
		if ok {
			keep = append(keep, name)
		}
	}
	return keep, nil
}

func (c *copier) makeFolder(dir string, real map[string]bool) (bool, error) {
	if ok, known := real[dir]; known {
		return ok, nil
	}
	ok, err := c.makeFolder(path.Dir(dir), real)
	if err != nil {
		return false, err
	}
	if ok {
		info, err := os.Lstat(filepath.Join(c.from, dir))
		ok = err == nil && info.IsDir()
	}
	real[dir] = ok
	if !ok {
		return false, nil
	}
	into := filepath.Join(c.to, dir)
	err = os.Mkdir(into, 0o777)
	if errors.Is(err, os.ErrExist) {
		if info, statErr := os.Lstat(into); statErr == nil && info.IsDir() {
			return true, nil
		}
		if err = os.Remove(into); err == nil {
			err = os.Mkdir(into, 0o777)
		}
	}
	if err != nil {
		return false, fault.New(fault.Internal, "make the folder %s: %w", into, err)
	}
	return true, nil
}

const (
	copyBuffer  = 64 << 10
	copyBatch   = 32       // files one after the other: neighbours would wait for their folder's lock
	reflinkFrom = 64 << 10 // below this a plain copy is quicker
)

// copyOne copies one file, replacing whatever has its name.
func (c *copier) copyOne(name string, buffer []byte) error {
	from, to := filepath.Join(c.from, name), filepath.Join(c.to, name)
	in, err := openRetry(from, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ELOOP):
		return copyLink(from, to)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ENXIO): // ENXIO: a socket
		return nil
	case err != nil:
		return err
	}
	defer unix.Close(in)
	var stat unix.Stat_t
	if err := unix.Fstat(in, &stat); err != nil {
		return err
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR: // where a submodule belongs
		if err := os.Mkdir(to, 0o777); !errors.Is(err, os.ErrExist) {
			return err
		}
		return nil
	default:
		return nil
	}
	mode := uint32(0o666)
	if stat.Mode&0o100 != 0 {
		mode = 0o777
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	out, err := openRetry(to, flags, mode)
	if errors.Is(err, unix.EEXIST) {
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		out, err = openRetry(to, flags, mode)
	}
	if err != nil {
		return err
	}
	err = c.copyContent(in, out, stat.Size, buffer)
	if err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, to, []unix.Timespec{stat.Mtim, stat.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
	}
	return errors.Join(err, unix.Close(out))
}

func (c *copier) copyContent(in, out int, size int64, buffer []byte) error {
	if size >= reflinkFrom {
		if !c.noReflink.Load() {
			if unix.IoctlFileClone(out, in) == nil {
				return nil
			}
			c.noReflink.Store(true)
		}
		for size > 0 {
			n, err := unix.CopyFileRange(in, nil, out, nil, int(min(size, 1<<30)), 0)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n == 0 {
				break // read and write what is left: both offsets have moved along
			}
			size -= int64(n)
		}
	}
	for {
		n, err := unix.Read(in, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return err
		}
		if err := writeAll(out, buffer[:n]); err != nil {
			return err
		}
		if n < len(buffer) && int64(n) == size {
			return nil // the whole of a small file: no second read to see its end
		}
	}
}

func writeAll(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func openRetry(path string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Open(path, flags, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if err := os.Symlink(target, to); errors.Is(err, os.ErrExist) {
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		return os.Symlink(target, to)
	} else if err != nil {
		return err
	}
	return nil
}

// walkPlain lists the files of a plain folder, but for git directories and
// what lies under without.
func walkPlain(root, without string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(at string, entry os.DirEntry, err error) error {
		switch {
		case errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) && at != root:
			return nil
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || at == without):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		rel, err := filepath.Rel(root, at)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		return nil, fault.New(fault.Internal, "list the files of %s: %w", root, err)
	}
	return names, nil
}

// inside returns path relative to root when it lies strictly under it.
func inside(root, path string) (string, bool) {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}
