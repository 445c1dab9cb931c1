package host

import (
	"fmt"
	"os"
	"path/filepath"
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
)

func TestMain(m *testing.M) {
	os.Exit(withGroup(func() int { return executortest.Main(m, withGroups, withoutGroups) }))
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
	var left []string
	for _, entry := range entries {
		if entry.IsDir() {
			left = append(left, "control group "+entry.Name())
		}
	}
	return left, err
}
