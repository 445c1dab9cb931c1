package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// remover removes what a job left in a folder. It holds every folder open
// while it is in it and never follows a link or a mount, so nothing outside
// can be touched whatever the job built. It goes on after an error and tells
// the first.
type remover struct {
	top   string // the folder's path
	dir   int    // the folder
	moved int    // folders brought up from too deep
	left  int    // times that an entry could not be removed
	err   error  // why the first of them could not
}

// maxDepth is how deep the remover goes before it moves a folder up to the
// top: each level costs an open file.
const maxDepth = 100

// removeBelow removes what is in the folder dir, whose path is path for
// messages, except what keep names. The folders in keep stay, emptied likewise.
func removeBelow(dir int, path string, keep tree) error {
	r := &remover{top: path, dir: dir}
	for moved := -1; r.moved != moved; { // again for what was moved up
		moved = r.moved
		r.left, r.err = 0, nil
		r.empty(dir, path, 0, keep)
	}
	return r.problem()
}

// A tree names the folders to keep in a folder, and what to keep in those.
// A nil value under a name keeps whatever is there, as it is; plainFiles as a
// name keeps plain files, emptied.
type tree map[string]*tree

// plainFiles is no name that an entry can have.
const plainFiles = "/"

// empty removes the entries of the open folder dir, until a pass finds none it
// can remove: some file systems skip names while others are being removed.
func (r *remover) empty(dir int, path string, depth int, keep tree) {
	var buf [8192]byte
	_, blanking := keep[plainFiles]
	for progress := true; progress; {
		progress = false
		if _, err := unix.Seek(dir, 0, io.SeekStart); err != nil {
			r.failed(path, err)
			return
		}
		for {
			n, err := unix.ReadDirent(dir, buf[:])
			if err == unix.ENOENT {
				return // the job removed the folder itself
			}
			if err != nil {
				r.failed(path, err)
				return
			}
			if n <= 0 {
				break
			}
			_, _, names := unix.ParseDirent(buf[:n], -1, nil)
			for _, name := range names {
				below, kept := keep[name]
				e := entry{dir, name, filepath.Join(path, name)}
				if kept && (below == nil || r.enter(e, depth, *below) != unix.ENOTDIR) || blanking && e.blank() {
					continue
				}
				progress = r.remove(e, depth) || progress
			}
		}
	}
}

// entry is a name in an open folder.
type entry struct {
	dir  int
	name string
	path string
}

func (e entry) unlink(flags int) error {
	err := unix.Unlinkat(e.dir, e.name, flags)
	if err == unix.EACCES && makeWritable(e.dir) == nil { // as in a Go module cache
		err = unix.Unlinkat(e.dir, e.name, flags)
	}
	for err == unix.EBUSY && unmount(e) == nil {
		err = unix.Unlinkat(e.dir, e.name, flags)
	}
	if err == unix.ENOENT {
		return nil
	}
	return err
}

// blank empties a plain file of ours and reports whether it is then as good as
// a new one. Making a file costs more than this: on ext4 as much as a shell.
func (e entry) blank() bool {
	var st unix.Statx_t
	err := unix.Statx(e.dir, e.name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	if err != nil || !asNew(&st) {
		return false
	}
	if st.Size == 0 {
		return true
	}
	fd, err := unix.Openat(e.dir, e.name, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	err = unix.Ftruncate(fd, 0)
	return errors.Join(err, unix.Close(fd)) == nil
}

// asNew reports whether a file, but for its content, is one that we just made:
// not one of elsewhere that a job mounted there.
func asNew(st *unix.Statx_t) bool {
	mounted := st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 || st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
	return !mounted && st.Mode == unix.S_IFREG|0o644 && st.Nlink == 1 && int(st.Uid) == os.Geteuid() && int(st.Gid) == os.Getegid()
}

// remove removes a file, or a folder with all that is in it, and reports
// whether it is gone.
func (r *remover) remove(e entry, depth int) bool {
	err := e.unlink(0)
	if err == unix.EISDIR || err == unix.EPERM { // POSIX has EPERM for a folder
		if err2 := e.unlink(unix.AT_REMOVEDIR); err2 != unix.ENOTDIR {
			err = err2
		}
	}
	if err == unix.ENOTEMPTY || err == unix.EEXIST {
		if depth >= maxDepth {
			err = r.moveUp(e)
		} else {
			left := r.left
			if err = r.enter(e, depth, nil); r.left > left {
				return false // why is said already
			}
			if err == nil {
				err = e.unlink(unix.AT_REMOVEDIR)
			}
		}
	}
	if err != nil {
		r.failed(e.path, err)
	}
	return err == nil
}

// enter empties the folder e. It returns ENOTDIR when e is none; of other
// errors it has told.
func (r *remover) enter(e entry, depth int, keep tree) error {
	dir, err := openBeneath(e)
	for err == unix.EXDEV && unmount(e) == nil {
		dir, err = openBeneath(e)
	}
	if err == unix.ELOOP {
		err = unix.ENOTDIR
	}
	if err == nil {
		defer unix.Close(dir)
		r.empty(dir, e.path, depth+1, keep)
	} else if err != unix.ENOTDIR {
		r.failed(e.path, err)
	}
	return err
}

// moveUp renames a folder into the top one, whence it is removed later.
func (r *remover) moveUp(e entry) error {
	name := fmt.Sprintf(".deep-%d-%d", os.Getpid(), r.moved)
	err := unix.Renameat2(e.dir, e.name, r.dir, name, unix.RENAME_NOREPLACE)
	if err == unix.EACCES && chmodEntry(e) == nil && makeWritable(e.dir) == nil {
		err = unix.Renameat2(e.dir, e.name, r.dir, name, unix.RENAME_NOREPLACE)
	}
	if err == nil {
		r.moved++
	}
	return err
}

func (r *remover) failed(path string, err error) {
	r.left++
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", path, explainRemoval(path, err))
	}
}

func (r *remover) problem() error {
	if r.err == nil {
		return nil
	}
	return fault.New(fault.Forbidden, "cannot remove what a job left: %w. Remove %s by hand", r.err, r.top)
}

// explainRemoval says whose a file is when it is another's.
func explainRemoval(path string, err error) error {
	var st unix.Stat_t
	if unix.Lstat(filepath.Dir(path), &st) != nil || int(st.Uid) == os.Geteuid() || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	owner := "uid " + strconv.Itoa(int(st.Uid))
	if u, e := user.LookupId(strconv.Itoa(int(st.Uid))); e == nil {
		owner = u.Username
	}
	return fmt.Errorf("%w: its folder belongs to %s, and this process runs as uid %d", err, owner, os.Geteuid())
}

// openBeneath opens the folder e for reading; EXDEV when something is mounted
// there, ENOTDIR or ELOOP (a link) when it is no folder.
func openBeneath(e entry) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH,
	}
	dir, err := unix.Openat2(e.dir, e.name, &how)
	if err == unix.EACCES && chmodEntry(e) == nil {
		dir, err = unix.Openat2(e.dir, e.name, &how)
	}
	if err != unix.ENOSYS && err != unix.EPERM { // EPERM: an old container's system call filter
		return dir, err
	}
	if dir, err = unix.Openat(e.dir, e.name, int(how.Flags), 0); err != nil {
		return dir, err
	}
	var above, below unix.Stat_t
	if err = errors.Join(unix.Fstat(e.dir, &above), unix.Fstat(dir, &below)); err == nil && above.Dev != below.Dev {
		err = unix.EXDEV
	}
	if err != nil {
		_ = unix.Close(dir)
		return -1, err
	}
	return dir, nil
}

// unmount takes away what the job mounted at e.
func unmount(e entry) error {
	return unix.Unmount("/proc/self/fd/"+strconv.Itoa(e.dir)+"/"+e.name, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
}

// makeWritable lets us change the open folder.
func makeWritable(dir int) error { return unix.Fchmod(dir, 0o700) }

// chmodEntry lets us into the folder e, which is no link.
func chmodEntry(e entry) error {
	fd, err := unix.Openat(e.dir, e.name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), 0o700)
}
