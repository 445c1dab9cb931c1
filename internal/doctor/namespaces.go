package doctor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// namespaces makes each kind once, with a process that does nothing in it:
// settings that forbid them are too many to read.
func (o Options) namespaces(ctx context.Context) Namespaces {
	var n Namespaces
	n.User = o.try(ctx, syscall.CLONE_NEWUSER, "true")
	outer := uintptr(syscall.CLONE_NEWUSER) // an ordinary user makes the others inside one
	if os.Geteuid() == 0 {
		outer = 0
	}
	n.Mount = o.try(ctx, outer|syscall.CLONE_NEWNS, "true")
	n.PID = o.try(ctx, outer|syscall.CLONE_NEWPID, "true")
	n.Overlay = o.overlay(ctx, outer|syscall.CLONE_NEWNS)
	return n
}

// overlay mounts one in a mount namespace of its own.
func (o Options) overlay(ctx context.Context, flags uintptr) Possible {
	dir, err := os.MkdirTemp("", "slipway-doctor-")
	if err != nil {
		return no(err.Error())
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return no(err.Error())
		}
	}
	return o.try(ctx, flags, "mount", "-t", "overlay", "overlay", "-o",
		"lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work", dir+"/merged")
}

func no(why string) Possible { return Possible{Problem: why} }

// try runs a program in new namespaces.
func (o Options) try(ctx context.Context, flags uintptr, name string, args ...string) Possible {
	programs := o.find(name)
	if len(programs) == 0 {
		return no("not tried: no program " + name)
	}
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, programs[0], args...)
	cmd.Env = o.Environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&syscall.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	endAll(cmd)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return Possible{Yes: true}
	}
	if ctx.Err() != nil {
		return no("no answer in " + o.Limit.String())
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited && len(out) > 0 {
		return no(firstLine(string(out)))
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return no(errno.Error())
	}
	return no(err.Error())
}
