package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// binds makes the root file system of a sandbox that an ordinary user started:
// folders in memory, in which what is on the allow-list is mounted read-only.
// Overlays would add nothing: files of root belong to nobody here, and stay
// unwritable in them.
func (s *setup) binds() (string, error) {
	root := filepath.Join(s.Disk, "root")
	if err := makeFolders(root, 0o755); err != nil {
		return "", err
	}
	if err := mountTemporary(root, "755", 0); err != nil {
		return "", err
	}
	for path, mode := range fresh {
		if err := makeFolders(filepath.Dir(root+path), 0o755); err != nil {
			return "", err
		}
		if err := makeFolders(root+path, mode); err != nil {
			return "", err
		}
	}
	for link, target := range map[string]string{"/var/run": "/run", "/var/lock": "/run/lock"} {
		if err := unix.Symlink(target, root+link); err != nil {
			return "", err
		}
	}
	if err := s.bindDisk(root); err != nil {
		return "", err
	}
	if err := makeFolders(root+s.Home, 0o755); err != nil {
		return "", err
	}
	for _, path := range programs {
		if err := show(path, root); err != nil {
			return "", err
		}
	}
	for folder := range partial {
		if err := s.showSome(folder, root); err != nil {
			return "", err
		}
	}
	for _, tool := range s.Tools {
		if err := s.showTool(tool, root); err != nil {
			return "", err
		}
	}
	return root, nil
}

// bindDisk mounts the folders that may grow large from the disk.
func (s *setup) bindDisk(root string) error {
	for _, path := range []string{"/home", "/tmp", "/var/tmp"} {
		folder := filepath.Join(s.Disk, "write", path)
		if err := makeFolders(folder, fresh[path]); err != nil {
			return err
		}
		if err := unix.Mount(folder, root+path, "", unix.MS_BIND, ""); err != nil {
			return forbidden("mount "+path, err)
		}
	}
	return makeFolders(root+"/home/runner", 0o755)
}

// show makes path seen: a link as a link, all else read-only. What is not
// there, or not readable, is not shown.
func show(path, root string) error {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || unix.Access(path, unix.R_OK) != nil && st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return nil
	}
	target := root + path
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return unix.Symlink(to, target)
	case unix.S_IFDIR, unix.S_IFREG:
		if err := mountPoint(path, target); err != nil {
			return err
		}
		return bind(path, target, true)
	}
	return nil
}

// showSome shows those entries of a folder of partial that are listed.
func (s *setup) showSome(folder, root string) error {
	if err := makeFolders(root+folder, 0o755); err != nil {
		return err
	}
	for _, name := range names(folder) {
		path := folder + "/" + name
		switch {
		case slices.Contains(copied, path):
			data, err := readCopied(path)
			if err != nil || data == nil {
				return err
			}
			if err := writeFile(root+path, data, 0o644); err != nil {
				return err
			}
		case allowed(folder, name):
			if err := show(path, root); err != nil {
				return fmt.Errorf("show %s: %w", path, err)
			}
		}
	}
	return nil
}

// showTool shows a folder of programs. What is the user's own can be written
// to, in an overlay, where the kernel has those for ordinary users.
func (s *setup) showTool(tool, root string) error {
	if err := makeFolders(root+tool, 0o755); err != nil {
		return err
	}
	var st unix.Stat_t
	if unix.Stat(tool, &st) != nil || int(st.Uid) != unix.Geteuid() || !plain(tool) || !plain(s.Disk) {
		return bind(tool, root+tool, true)
	}
	name := "tool-" + filepath.Base(tool)
	upper, work := filepath.Join(s.Disk, "write", name), filepath.Join(s.Disk, "work", name)
	for _, folder := range []string{upper, work} {
		if err := makeFolders(folder, 0o755); err != nil {
			return err
		}
	}
	options := "userxattr,lowerdir=" + tool + ",upperdir=" + upper + ",workdir=" + work
	if unix.Mount("overlay", root+tool, "overlay", unix.MS_NODEV|unix.MS_NOSUID, options) == nil {
		return nil
	}
	return bind(tool, root+tool, true)
}
