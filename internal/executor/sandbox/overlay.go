package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// overlays makes the root file system of a sandbox that root started: an
// overlay over this machine's own, whose writes go to s.Disk. Between the two
// lies the mask, a layer in memory that hides what is not on the allow-list.
//
// An overlay does not see what is mounted in its layers, so each folder of
// roots and each tool that is mounted apart gets one of its own.
func (s *setup) overlays() (string, error) {
	// Layers are named relative to this folder: a path may hold the characters
	// that separate options.
	if err := unix.Chdir(s.Disk); err != nil {
		return "", err
	}
	if err := makeFolders("mask", 0o755); err != nil {
		return "", err
	}
	if err := mountTemporary("mask", "755", 0); err != nil {
		return "", err
	}
	root := filepath.Join(s.Disk, "mask/root")
	if err := makeFolders(root, 0o755); err != nil {
		return "", err
	}
	m := &mask{layer: filepath.Join(s.Disk, "mask/layer"), tools: s.Tools, root: mountOf("/")}
	if err := m.fill(s); err != nil {
		return "", err
	}
	if err := s.overlay("/", root); err != nil {
		return "", err
	}
	for _, path := range slices.Concat(roots, s.Tools) {
		if m.apart(path) {
			if err := s.overlay(path, root+path); err != nil {
				return "", err
			}
		}
	}
	return root, nil
}

// roots are folders that may be file systems of their own.
var roots = []string{"/usr", "/usr/local", "/opt", "/nix", "/etc", "/var", "/var/lib", "/var/cache", "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt"}

// mountOf is the id of the mount that path is in; 0 if it is no folder.
func mountOf(path string) uint64 {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_TYPE|unix.STATX_MNT_ID, &st)
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return 0
	}
	if st.Mask&unix.STATX_MNT_ID == 0 { // before Linux 5.8
		return unix.Mkdev(st.Dev_major, st.Dev_minor)
	}
	return st.Mnt_id
}

// overlay mounts a throwaway overlay over the folder lower at target.
func (s *setup) overlay(lower, target string) error {
	name := strings.TrimSuffix(strings.ReplaceAll(lower, "/", "-"), "-")
	layers, err := s.layers(lower)
	if err != nil {
		return err
	}
	var failed error
	// Where the state folder can't take an overlay's writes (it is on an
	// overlay itself, or on a network), memory does.
	for _, above := range []string{"", "mask/"} {
		upper, work := above+"write"+name, above+"work"+name
		for _, folder := range []string{upper, work} {
			if err := makeFolders(folder, 0o755); err != nil {
				return err
			}
		}
		if err := copyAttributes(lower, upper); err != nil {
			return err
		}
		options := "lowerdir=" + layers + ",upperdir=" + upper + ",workdir=" + work
		// redirect_dir: folders can be renamed. volatile: nothing is synced, as
		// nothing is to survive.
		for _, extra := range []string{",redirect_dir=on,volatile", ""} {
			if failed = unix.Mount("overlay", target, "overlay", unix.MS_NODEV, options+extra); failed == nil {
				return nil
			}
		}
	}
	return forbidden("mount an overlay over "+lower, failed)
}

// layers names what lies below the writes, for lowerdir.
func (s *setup) layers(lower string) (string, error) {
	if !plain(lower) {
		// As a name without them, which leads there.
		link := "mask/link" + strconv.Itoa(slices.Index(s.Tools, lower))
		if err := os.Symlink(lower, link); err != nil {
			return "", err
		}
		return link, nil
	}
	layer := filepath.Join("mask/layer", lower)
	if st, err := os.Lstat(layer); err == nil && st.IsDir() && !slices.Contains(s.Tools, lower) {
		return layer + ":" + lower, nil
	}
	return lower, nil
}

// mask is the layer that hides.
type mask struct {
	layer string   // its path
	tools []string // see Options
	root  uint64   // the mount of /
}

// apart reports whether path needs an overlay of its own: a tool that is not
// in the root mount, another folder when it is a mount itself.
func (m *mask) apart(path string) bool {
	mount := mountOf(path)
	if slices.Contains(m.tools, path) {
		return mount != m.root
	}
	return mount != 0 && mount != mountOf(filepath.Dir(path))
}

// leadsToTool reports whether a tool of the root mount is in the folder path,
// or is it.
func (m *mask) leadsToTool(path string) bool {
	return slices.ContainsFunc(m.tools, func(tool string) bool { return isBelow(tool, path) && !m.apart(tool) })
}

// fill makes the mask, with the points at which the sandbox mounts.
func (m *mask) fill(s *setup) error {
	if err := m.hideRoot(); err != nil {
		return err
	}
	for folder := range partial {
		if err := m.hideOthers(folder); err != nil {
			return err
		}
	}
	if err := m.hideSecrets(); err != nil {
		return err
	}
	for _, path := range copied {
		if err := m.copyFile(path, nil); err != nil {
			return err
		}
	}
	for _, path := range []string{"/etc/shadow", "/etc/gshadow"} {
		if err := m.copyFile(path, withoutHashes); err != nil {
			return err
		}
	}
	// Root may be any user, as always; nobody else is there to be asked.
	if err := m.copyFile("/etc/sudoers", func(string) string { return "root ALL=(ALL:ALL) NOPASSWD: ALL\n" }); err != nil {
		return err
	}
	if err := m.folder(s.Home); err != nil {
		return err
	}
	for _, mount := range s.Mounts {
		if err := m.folder(filepath.Dir(mount.Inner)); err != nil {
			return err
		}
		if isBelow(mount.Inner, "/run") {
			continue // another file system will be there
		}
		if err := mountPoint(mount.Host, m.layer+mount.Inner); err != nil {
			return err
		}
	}
	for _, tool := range s.Tools {
		if m.apart(tool) {
			if err := m.folder(tool); err != nil {
				return err
			}
		}
	}
	return nil
}

// hideRoot hides what is in / and /var but not on a list.
func (m *mask) hideRoot() error {
	if err := makeFolders(m.layer, 0o755); err != nil {
		return err
	}
	for _, name := range names("/") {
		path := "/" + name
		if slices.Contains(programs, path) || path == "/etc" || path == "/var" {
			continue
		}
		if _, isFresh := fresh[path]; isFresh {
			continue
		}
		if err := m.whiteoutButTools(path); err != nil {
			return err
		}
	}
	if err := m.folder("/var"); err != nil {
		return err
	}
	for _, name := range names("/var") {
		path := "/var/" + name
		if _, isPartial := partial[path]; isPartial {
			continue
		}
		if err := m.empty(path); err != nil {
			return err
		}
	}
	for path, mode := range fresh {
		if err := m.folder(filepath.Dir(path)); err != nil {
			return err
		}
		if err := makeFolders(m.layer+path, mode); err != nil {
			return err
		}
		if err := m.hideAll(path); err != nil {
			return err
		}
	}
	return nil
}

// hideOthers hides the entries of a folder of partial that are not listed:
// state is as new, configuration is absent.
func (m *mask) hideOthers(folder string) error {
	if err := m.folder(folder); err != nil {
		return err
	}
	hide := m.empty
	if folder == "/etc" {
		hide = m.whiteout
	}
	for _, name := range names(folder) {
		if !allowed(folder, name) {
			if err := hide(folder + "/" + name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *mask) hideSecrets() error {
	for _, path := range secretPaths() {
		if err := m.folder(filepath.Dir(path)); err != nil {
			return err
		}
		if err := m.empty(path); err != nil {
			return err
		}
	}
	return nil
}

// empty hides a folder behind an empty one, and a file altogether. A link is
// left: what it leads to is hidden or not.
func (m *mask) empty(path string) error {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return nil
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return nil
	case unix.S_IFDIR:
		if err := m.folder(path); err != nil {
			return err
		}
		return m.hideAll(path)
	}
	return m.whiteout(path)
}

// hideAll hides what is in the folder path, but for tools.
func (m *mask) hideAll(path string) error {
	if !m.leadsToTool(path) {
		return m.opaque(path)
	}
	if slices.Contains(m.tools, path) {
		return nil
	}
	for _, name := range names(path) {
		if err := m.whiteoutButTools(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// whiteoutButTools hides path, but for tools in it.
func (m *mask) whiteoutButTools(path string) error {
	if !m.leadsToTool(path) {
		return m.whiteout(path)
	}
	if slices.Contains(m.tools, path) {
		return nil
	}
	if err := m.folder(path); err != nil {
		return err
	}
	return m.hideAll(path)
}

// opaque hides what a folder of the mask would let through.
func (m *mask) opaque(path string) error {
	if err := unix.Setxattr(m.layer+path, "trusted.overlay.opaque", []byte("y"), 0); err != nil {
		return forbidden("hide "+path, err)
	}
	return nil
}

// whiteout hides path.
func (m *mask) whiteout(path string) error {
	if err := unix.Mknod(m.layer+path, unix.S_IFCHR, 0); err != nil && err != unix.EEXIST {
		return forbidden("hide "+path, err)
	}
	return nil
}

// folder makes a folder of the mask, with those above it. Where the machine has
// them too, they have the same mode and owner, and what is in them is seen,
// unless they were hidden before.
func (m *mask) folder(path string) error {
	if path == "/" {
		return nil
	}
	err := unix.Mkdir(m.layer+path, 0o755)
	if err == unix.ENOENT || err == unix.ENOTDIR {
		if err = m.folder(filepath.Dir(path)); err == nil {
			err = unix.Mkdir(m.layer+path, 0o755)
		}
	}
	switch {
	case err == unix.EEXIST:
		return m.emptied(path)
	case err != nil:
		return fmt.Errorf("make %s in the mask: %w", path, err)
	}
	return copyAttributes(path, m.layer+path)
}

// emptied makes an empty folder of a whiteout; a folder stays as it is.
func (m *mask) emptied(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(m.layer+path, &st); err != nil || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return err
	}
	if err := unix.Unlink(m.layer + path); err != nil {
		return err
	}
	if err := unix.Mkdir(m.layer+path, 0o755); err != nil {
		return err
	}
	if err := copyAttributes(path, m.layer+path); err != nil {
		return err
	}
	return m.opaque(path)
}

// copyFile puts the content of a file of the machine, changed by change, over it.
func (m *mask) copyFile(path string, change func(string) string) error {
	data, err := readCopied(path)
	if err != nil || data == nil {
		return err
	}
	if change != nil {
		data = []byte(change(string(data)))
	}
	layer := m.layer + path
	if err := unix.Unlink(layer); err != nil && err != unix.ENOENT { // a whiteout
		return err
	}
	if err := writeFile(layer, data, 0o600); err != nil {
		return err
	}
	return copyAttributes(path, layer)
}

// copyAttributes gives to the mode and owner of from, if that is there.
func copyAttributes(from, to string) error {
	var st unix.Stat_t
	if unix.Stat(from, &st) != nil {
		return nil
	}
	if err := unix.Chown(to, int(st.Uid), int(st.Gid)); err != nil {
		return fmt.Errorf("make %s the owner's: %w", to, err)
	}
	return unix.Chmod(to, st.Mode&0o7777)
}

// plain reports whether a path can stand in an overlay's options as it is.
func plain(path string) bool { return !strings.ContainsAny(path, ":,\\") }
