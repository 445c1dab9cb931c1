package sandbox

import (
	"os"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/executortest"
)

var factory = executortest.Factory{
	Name:  "sandbox",
	New:   func(root string) (executor.Executor, error) { return New(Options{Root: root}) },
	Lacks: executortest.Lacks{Survivors: true},
}

func TestMain(m *testing.M) {
	if code, isInit := Init(); isInit {
		os.Exit(code)
	}
	os.Exit(executortest.Main(m, factory))
}

func TestConformance(t *testing.T) { executortest.Run(t, factory) }
