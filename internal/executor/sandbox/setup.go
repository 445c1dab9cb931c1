package sandbox

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// setup is what an init makes.
type setup struct {
	Root   bool     `json:"root"`  // as root: overlays; else: a user namespace, and programs read-only
	Disk   string   `json:"disk"`  // a folder for what the job writes, empty, on disk
	Home   string   `json:"home"`  // HOME, to be made
	State  string   `json:"state"` // a folder in the sandbox that the init uses
	Mounts []Mount  `json:"mounts"`
	Tools  []string `json:"tools"` // see Options
	// Numbers limits the process numbers; 0: no limit.
	Numbers int `json:"numbers"`
}

// Mount makes a file or folder of this machine seen in the sandbox.
type Mount struct {
	Host, Inner string
	ReadOnly    bool
}

// build makes the sandbox's view of the machine, and makes it this process's own.
func (s *setup) build() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return forbidden("make mounts private", err)
	}
	unix.Umask(0)
	defer unix.Umask(0o022)
	root, err := s.assemble()
	if err != nil {
		return err
	}
	for _, step := range []func(string) error{mountRun, s.mountKernel, s.mountDevices, s.mountShared} {
		if err := step(root); err != nil {
			return err
		}
	}
	return s.enter(root)
}

// assemble mounts the root file system of the sandbox and returns its path.
func (s *setup) assemble() (string, error) {
	if s.Root {
		return s.overlays()
	}
	return s.binds()
}

// mountRun mounts /run, which is in memory on every machine.
func mountRun(root string) error {
	if err := mountTemporary(root+"/run", "755", 0); err != nil {
		return err
	}
	return makeFolders(root+"/run/lock", 0o1777)
}

// mountShared mounts what the job shares with this machine.
func (s *setup) mountShared(root string) error {
	for _, m := range s.Mounts {
		if err := mountPoint(m.Host, root+m.Inner); err != nil {
			return err
		}
		if err := bind(m.Host, root+m.Inner, m.ReadOnly); err != nil {
			return err
		}
	}
	return nil
}

// enter makes root the root folder, and leaves nothing of the old one.
func (s *setup) enter(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil { // the old root is on top of the new one
		return forbidden("change the root", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return forbidden("leave the old root", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	if s.Root {
		return nil
	}
	return remountReadOnly("/") // the folders of root, which it holds
}

// bind mounts the file or folder at source with all that is mounted in it.
func bind(source, target string, readOnly bool) error {
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return forbidden("mount "+source+" at "+target, err)
	}
	if readOnly {
		return readOnlyBelow(target)
	}
	return nil
}

// readOnlyBelow makes a mount and all in it read-only.
func readOnlyBelow(target string) error {
	err := unix.MountSetattr(unix.AT_FDCWD, target, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	if err == unix.ENOSYS { // before Linux 5.12
		err = remountReadOnly(target)
	}
	if err != nil {
		return forbidden("make "+target+" read-only", err)
	}
	return nil
}

// remountReadOnly makes one mount read-only. Its other flags stay: a user
// namespace may not take them away.
func remountReadOnly(target string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(target, &st); err != nil {
		return err
	}
	flags := uintptr(st.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME)
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|flags, ""); err != nil {
		return forbidden("make "+target+" read-only", err)
	}
	return nil
}

// mountTemporary mounts a file system in memory.
func mountTemporary(target, mode string, flags uintptr) error {
	if err := unix.Mount("tmpfs", target, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|flags, "mode="+mode); err != nil {
		return forbidden("mount a tmpfs", err)
	}
	return nil
}

// mountPoint makes what something can be mounted on: a folder, or a file when
// the source is none.
func mountPoint(source, target string) error {
	st, err := os.Stat(source)
	if err != nil {
		return fault.New(fault.NotFound, "cannot mount %s in the sandbox: %w", source, err)
	}
	if st.IsDir() {
		return makeFolders(target, 0o755)
	}
	if err := makeFolders(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return writeFile(target, nil, 0o644)
}

// makeFolders makes a folder and those above it, if they are not there.
func makeFolders(path string, mode uint32) error {
	err := unix.Mkdir(path, mode)
	if err == unix.ENOENT {
		if err = makeFolders(filepath.Dir(path), 0o755); err == nil {
			err = unix.Mkdir(path, mode)
		}
	}
	if err != nil && err != unix.EEXIST {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.WriteFile(path, content, mode); err != nil {
		return fmt.Errorf("write a file of the sandbox: %w", err)
	}
	return nil
}

// forbidden says what the kernel would not let us do.
func forbidden(what string, err error) error {
	return fault.New(fault.Missing, "no sandbox here: the kernel does not let this process %s: %w", what, err)
}
