package executortest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// testTrees leaves in turn what is hard to remove.
func testTrees(k *kit) {
	for _, tree := range []struct {
		name string
		make func(k *kit, dir string) error
		all  bool // in each folder, not only in the workspace
	}{
		{"read-only, as a Go module cache", makeReadOnly, true},
		{"deeper than paths can be", makeDeep, false},
		{"wide", makeWide, false},
		{"odd names and kinds", makeOdd, true},
		{"mounts", makeMounts, true},
	} {
		p := k.place()
		host := p.Dirs().Host
		for _, dir := range []string{host.Workspace, host.Temp, host.Home} {
			if !tree.all && dir != host.Workspace {
				continue
			}
			if err := tree.make(k, filepath.Join(dir, "tree")); err != nil {
				k.Fatalf("%s: %v", tree.name, err)
			}
		}
		if err := p.Close(k.Context()); err != nil {
			k.Errorf("%s: %v", tree.name, err)
		}
		p = k.place() // and the next one does not see it
		for _, dir := range []string{p.Dirs().Host.Workspace, p.Dirs().Host.Temp, p.Dirs().Host.Home} {
			if names := k.sorted(dir); len(names) > 0 {
				k.Errorf("%s: the next place finds %q", tree.name, names)
			}
		}
		k.close(p)
	}
}

func makeReadOnly(k *kit, dir string) error {
	k.write(filepath.Join(dir, "mod/cache/a@v1/b/file.go"), "package b\n", 0o444)
	k.write(filepath.Join(dir, "mod/closed/file"), "x", 0o000)
	for _, folder := range []string{"mod/cache/a@v1/b", "mod/cache/a@v1", "mod/cache", "mod"} {
		if err := os.Chmod(filepath.Join(dir, folder), 0o555); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(dir, "mod"), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(dir, "mod/closed"), 0o000); err != nil {
		return err
	}
	return os.Chmod(dir, 0o111)
}

func makeDeep(k *kit, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	at, err := syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	for range 1500 {
		if err == nil {
			err = syscall.Mkdirat(at, "a-folder-in-a-folder", 0o555|0o200)
		}
		if err != nil {
			return err
		}
		below, err := syscall.Openat(at, "a-folder-in-a-folder", syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		syscall.Close(at)
		if err != nil {
			return err
		}
		at = below
	}
	return syscall.Close(at)
}

func makeWide(k *kit, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range 1200 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d", strings.Repeat("n", 100), i)), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func makeOdd(k *kit, dir string) error {
	for _, name := range []string{"a\nb", "-rf", "*", " ", "\xff\xfe", ".deep-1-0", "..a", strings.Repeat("x", 255), ".hidden/.git/objects"} {
		k.write(filepath.Join(dir, name, "file"), "x", 0o644)
	}
	for link, target := range map[string]string{"loop": "loop", "dangling": "/no/such", "up": "..", "root": "/"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			return err
		}
	}
	return syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600)
}

// makeMounts mounts inside dir, where we may.
func makeMounts(k *kit, dir string) error {
	for _, name := range []string{"tmpfs", "twice", "bind"} {
		k.write(filepath.Join(dir, name, "below"), "x", 0o644)
	}
	k.write(filepath.Join(dir, "file"), "x", 0o644)
	if os.Geteuid() != 0 || syscall.Mount("none", filepath.Join(dir, "tmpfs"), "tmpfs", 0, "") != nil {
		return nil // not here
	}
	k.write(filepath.Join(dir, "tmpfs/in/it"), "x", 0o644)
	for range 2 {
		if err := syscall.Mount("none", filepath.Join(dir, "twice"), "tmpfs", 0, ""); err != nil {
			return err
		}
	}
	if err := syscall.Mount(filepath.Join(dir, "tmpfs"), filepath.Join(dir, "bind"), "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	return syscall.Mount(filepath.Join(dir, "tmpfs/in/it"), filepath.Join(dir, "file"), "", syscall.MS_BIND, "")
}

// testOutside has a job leave every way out of its folders, and checks that
// what is outside is left alone.
func testOutside(k *kit) {
	outside := k.TempDir()
	precious := filepath.Join(outside, "sub", "precious")
	k.write(precious, "keep me", 0o400)
	hard := filepath.Join(outside, "hard")
	k.write(hard, "keep me", 0o644)

	for _, way := range []string{
		`ln -s "$1" link; mkdir sub; ln -s "$1/sub" sub/link; ln -s "$1" "$2/link"; ln "$1/hard" hard || :`,
		`w=$PWD; cd /; rm -r "$w"; ln -s "$1" "$w"`,                                // the workspace itself
		`w=$PWD; cd /; rm -r "$w"/..; ln -s "$1" "$(dirname "$w")"`,                // the folder above it
		`rm -r "$2"; ln -s "$1" "$2"`,                                              // Temp
		`rm -r "$3"; ln -s "$1" "$3"`,                                              // Home
		`w=$(dirname "$2"); cd /; rm -r "$w"; ln -s "$1" "$w"`,                     // the folder of all
		`cd /; rm -r "$(dirname "$3")"; ln -s "$1" "$3" || :`,                      // the place itself
		`mkdir m && mount --bind "$1" m && mount --bind "$1" "$2" || :`,            // where we may
		`touch "$3/f" && mount --bind "$1/hard" "$3/f" || :`,                       // over a file of ours
		`mount --bind "$1" . && mount --bind "$1" "$(dirname "$2")" || :`,          // over our own folders
		`w=$PWD; cd ../../..; mv home elsewhere; mkdir -p home; ln -s "$1" home/x`, // moved
	} {
		p := k.place()
		inner := p.Dirs().Inner
		status, output := k.finish(k.start(p, shell(p, `exec 2>/dev/null; `+way, outside, inner.Temp, inner.Home)))
		if status.Signal != 0 {
			k.Fatalf("%q ended with %+v, %q", way, status, output)
		}
		if err := p.Close(k.Context()); err != nil {
			k.Errorf("after %q: %v", way, err)
		}
		for _, file := range []string{precious, hard} {
			if data, err := os.ReadFile(file); err != nil || string(data) != "keep me" {
				k.Fatalf("after %q the file outside is %q, %v", way, data, err)
			}
		}
		k.close(k.place())
	}
}
