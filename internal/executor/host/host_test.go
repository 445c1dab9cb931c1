package host

import (
	"os"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/executortest"
)

func factory(name string, o Options) executortest.Factory {
	return executortest.Factory{
		Name: name,
		New: func(root string) (executor.Executor, error) {
			o.Root = root
			return New(o)
		},
		Left: groupsLeft,
	}
}

var (
	withGroups    = factory("groups", Options{})
	withoutGroups = factory("marks", Options{NoGroups: true})
)

func TestMain(m *testing.M) { os.Exit(executortest.Main(m, withGroups, withoutGroups)) }

func TestConformance(t *testing.T) {
	for _, f := range []executortest.Factory{withGroups, withoutGroups} {
		t.Run(f.Name, func(t *testing.T) { executortest.Run(t, f) })
	}
}

// groupsLeft lists our control groups in the one this process is in.
func groupsLeft() ([]string, error) {
	entries, err := os.ReadDir(groupParent())
	if err != nil {
		return nil, nil // no groups here
	}
	var left []string
	for _, entry := range entries {
		if entry.IsDir() && len(entry.Name()) > len(groupPrefix) && entry.Name()[:len(groupPrefix)] == groupPrefix {
			left = append(left, "control group "+entry.Name())
		}
	}
	return left, nil
}
