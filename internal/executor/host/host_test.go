package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/executortest"
)

// groupVar tells this binary's other processes in which control group the
// tests make theirs: nobody else's are in it.
const groupVar = "HOST_TEST_GROUP"

func factory(name string, o Options) executortest.Factory {
	return executortest.Factory{
		Name: name,
		New: func(root string) (executor.Executor, error) {
			o.Root, o.groupParent = root, os.Getenv(groupVar)
			return New(o)
		},
		Left: groupsLeft,
	}
}

var (
	withGroups    = factory("groups", Options{})
	withoutGroups = factory("marks", Options{NoGroups: true})
	blind         = blinded(factory("blind", Options{NoGroups: true}))
)

// blinded makes executors that are not told of orphans.
func blinded(f executortest.Factory) executortest.Factory {
	sighted := f.New
	f.New = func(root string) (executor.Executor, error) {
		e, err := sighted(root)
		if err != nil {
			return nil, err
		}
		host := e.(*Executor)
		err = host.orphans.close()
		host.adopting, host.orphans = false, orphans{}
		return host, err
	}
	return f
}

func TestMain(m *testing.M) {
	if code, done := another(); done {
		os.Exit(code)
	}
	os.Exit(withGroup(func() int { return executortest.Main(m, withGroups, withoutGroups, blind) }))
}

// another does what a test started this binary for, if one did.
func another() (code int, done bool) {
	var err error
	if asked := os.Getenv(innerVar); asked != "" {
		root, token, _ := strings.Cut(asked, "\n")
		err = inner(root, token)
	} else if folder := os.Getenv(removeVar); folder != "" {
		dir, e := os.Open(folder)
		if err = e; err == nil {
			fmt.Println(removeBelow(int(dir.Fd()), folder, nil))
		}
	} else if asked := os.Getenv(endVar); asked != "" {
		all := ending{belongs: parseMark(asked).covers}
		_, failed := all.run()
		fmt.Println(failed)
	} else {
		return 0, false
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// withGroup runs the tests with a control group of their own, where they may.
func withGroup(run func() int) int {
	parent := filepath.Join(groupParent(), fmt.Sprintf("host-test-%d", os.Getpid()))
	if os.Getenv(groupVar) != "" || groupParent() == "" || os.Mkdir(parent, 0o755) != nil {
		return run()
	}
	os.Setenv(groupVar, parent)
	code := run()
	if err := removeGroups(parent); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func TestConformance(t *testing.T) {
	for _, f := range []executortest.Factory{withGroups, withoutGroups} {
		t.Run(f.Name, func(t *testing.T) { executortest.Run(t, f) })
	}
}

// groupsLeft lists the tests' control groups.
func groupsLeft() ([]string, error) {
	parent := os.Getenv(groupVar)
	if parent == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var left []string
	for _, entry := range entries {
		if entry.IsDir() {
			left = append(left, "control group "+entry.Name())
		}
	}
	return left, err
}
