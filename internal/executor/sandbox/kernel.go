package sandbox

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// mountKernel mounts /proc, which shows the sandbox's processes only, and /sys.
func (s *setup) mountKernel(root string) error {
	proc := root + "/proc"
	if err := unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return forbidden("mount /proc", err)
	}
	if !s.Root { // the kernel refuses others than root what it must
		return bind("/sys", root+"/sys", true)
	}
	if err := s.limitAllNumbers(proc); err != nil {
		return err
	}
	// The machine's own switches, which its root may turn.
	for _, path := range []string{"bus", "fs", "irq", "sys", "sysrq-trigger", "acpi", "asound", "mtrr", "latency_stats"} {
		if err := protect(proc + "/" + path); err != nil {
			return err
		}
	}
	for _, path := range []string{"kcore", "keys", "key-users", "timer_list", "sched_debug", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup", "vmallocinfo", "slabinfo"} {
		if err := cover(proc + "/" + path); err != nil {
			return err
		}
	}
	if err := unix.Mount("sysfs", root+"/sys", "sysfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return forbidden("mount /sys", err)
	}
	return nil
}

// protect makes what is at path read-only, if it is there.
func protect(path string) error {
	err := unix.Mount(path, path, "", unix.MS_BIND, "")
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return forbidden("protect "+path, err)
	}
	return remountReadOnly(path)
}

// cover puts an empty file over the one at path, if that is there.
func cover(path string) error {
	if err := unix.Mount("/dev/null", path, "", unix.MS_BIND, ""); err != nil && err != unix.ENOENT {
		return forbidden("hide "+path, err)
	}
	return nil
}

// devices are all that a job has, by name and minor number of the kernel's
// memory devices (major 1).
var devices = map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}

// mountDevices makes /dev.
func (s *setup) mountDevices(root string) error {
	dev := root + "/dev"
	if err := unix.Mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=755,size=65536k"); err != nil {
		return forbidden("mount /dev", err)
	}
	for name, minor := range devices {
		if err := s.device(dev, name, unix.Mkdev(1, minor)); err != nil {
			return err
		}
	}
	if err := s.device(dev, "tty", unix.Mkdev(5, 0)); err != nil {
		return err
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := unix.Symlink(target, dev+"/"+name); err != nil {
			return err
		}
	}
	for _, folder := range []string{"/pts", "/shm"} {
		if err := makeFolders(dev+folder, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount("devpts", dev+"/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"); err != nil {
		return forbidden("mount /dev/pts", err)
	}
	return mountTemporary(dev+"/shm", "1777", 0)
}

// device makes a device as root, or shows the machine's.
func (s *setup) device(dev, name string, number uint64) error {
	path := dev + "/" + name
	if s.Root && unix.Mknod(path, unix.S_IFCHR|0o666, int(number)) == nil {
		return nil
	}
	if err := writeFile(path, nil, 0o666); err != nil {
		return err
	}
	return bind("/dev/"+name, path, false)
}

// limitAllNumbers limits how many processes can be in the sandbox at once by
// how many numbers there are for them. Linux has that for each PID namespace
// since 6.14; before, it would limit the whole machine.
func (s *setup) limitAllNumbers(proc string) error {
	if s.Numbers == 0 || !kernelAtLeast(6, 14) {
		return nil
	}
	if err := os.WriteFile(proc+"/sys/kernel/pid_max", []byte(strconv.Itoa(s.Numbers)), 0); err != nil {
		return forbidden("limit process numbers", err)
	}
	return nil
}

// limitNumbers limits how many processes an ordinary user can have in the
// sandbox. (Since Linux 5.14 a user namespace counts its own; before, all of
// the user's count, so the limit could stop the job for what others do.)
func (s *setup) limitNumbers() error {
	if s.Root || s.Numbers == 0 || !kernelAtLeast(5, 14) {
		return nil
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		return err
	}
	limit.Max = min(limit.Max, uint64(s.Numbers))
	limit.Cur = min(limit.Cur, limit.Max)
	return unix.Setrlimit(unix.RLIMIT_NPROC, &limit)
}

func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var a, b int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &a, &b); err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}
