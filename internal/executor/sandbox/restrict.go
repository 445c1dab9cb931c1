package sandbox

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that a job of root has: what installing packages
// and changing users takes. (Those of a container, without making devices and
// raw network packets.)
var kept = []uint{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_SETGID, unix.CAP_SETUID,
	unix.CAP_SETPCAP, unix.CAP_SETFCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_SYS_CHROOT, unix.CAP_AUDIT_WRITE,
}

// restrict takes from this thread, and so from all it will start, the rights
// that a job has no use for. There is no way back.
func (s *setup) restrict() error {
	var rights uint64
	if s.Root {
		for _, c := range kept {
			rights |= 1 << c
		}
		for c := uint(0); c < 64; c++ {
			if rights&(1<<c) == 0 && unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0) == unix.EINVAL {
				break // the kernel has no more
			}
		}
	} else if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return forbidden("give up new privileges", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return forbidden("give up capabilities", err)
	}
	// While the thread may still do it:
	if err := keepToOwnSockets(); err != nil {
		return forbidden("keep the job from other sockets", err)
	}
	if err := filterCalls(); err != nil {
		return forbidden("filter system calls", err)
	}
	if err := setCapabilities(rights); err != nil {
		return forbidden("give up capabilities", err)
	}
	return nil
}

// keepToOwnSockets keeps the job from abstract Unix sockets that were made
// outside: they are the network's, which is the machine's, and behind them are
// things like containerd and a desktop's bus. Linux can do it since 6.12.
func keepToOwnSockets() error {
	attr := unix.LandlockRulesetAttr{Scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET}
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return nil // an older kernel, or one without Landlock
	}
	defer unix.Close(int(ruleset))
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// setCapabilities makes rights the thread's capabilities, and none inheritable.
func setCapabilities(rights uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	for i := range data {
		part := uint32(rights >> (32 * i))
		data[i] = unix.CapUserData{Effective: part, Permitted: part}
	}
	return unix.Capset(&header, &data[0])
}

// newNamespaces are the flags of clone and unshare for which a job has no use;
// a user namespace of its own would give it back all that it lost.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// Offsets in struct seccomp_data.
const (
	offsetNumber   = 0
	offsetArch     = 4
	offsetFirstArg = 16 // its low half, on little-endian machines
	errnoAction    = unix.SECCOMP_RET_ERRNO
	refuse         = errnoAction | uint32(unix.EPERM)
	pretendMissing = errnoAction | uint32(unix.ENOSYS)
	x32Bit         = 0x40000000
)

// filterCalls installs a filter of system calls that a job has no use for and
// an attacker has. Programs of another instruction set than this binary's own
// get those of a machine that lacks it, but for 32-bit programs on amd64.
func filterCalls() error {
	program := filter()
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&fprog)), 0, 0)
	runtime.KeepAlive(program)
	return err
}

// filter is the program.
func filter() []unix.SockFilter {
	var p []unix.SockFilter
	for _, t := range callTables {
		section := t.section()
		// Another instruction set: skip the section.
		p = append(p,
			load(offsetArch),
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: t.arch, Jt: 1},
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(section))})
		p = append(p, section...)
	}
	return append(p, give(pretendMissing))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func give(action uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
}

// calls is what is refused of one instruction set.
type calls struct {
	arch    uint32
	refused []uint32
	clone   uint32 // refused with flags of newNamespaces
	unshare uint32 // likewise
	clone3  uint32 // its flags can't be seen by a filter: programs fall back to clone
	x32     bool   // numbers with x32Bit are another set
}

// section ends with a return on every way.
func (c calls) section() []unix.SockFilter {
	p := []unix.SockFilter{load(offsetNumber)}
	on := func(number, action uint32) {
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1}, give(action))
	}
	if c.x32 {
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: x32Bit, Jf: 1}, give(pretendMissing))
	}
	for _, number := range c.refused {
		on(number, refuse)
	}
	on(c.clone3, pretendMissing)
	for _, number := range []uint32{c.clone, c.unshare} {
		p = append(p,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 4},
			load(offsetFirstArg),
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: newNamespaces, Jf: 1},
			give(refuse), give(unix.SECCOMP_RET_ALLOW))
	}
	return append(p, give(unix.SECCOMP_RET_ALLOW))
}

// common are refused numbers that every instruction set shares: the mount
// calls of Linux 5.2 and later, and io_uring, which filters can't see into.
var common = []uint32{425, 426, 427, 428, 429, 430, 431, 432, 433, 442}
