package runner_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/host"
)

// placeCount makes the names of jobs differ.
var placeCount atomic.Int64

// newPlace returns an empty place on this machine that ends with the test.
func newPlace(t testing.TB) executor.Place {
	t.Helper()
	return placeOf(t, newExecutor(t))
}

func newExecutor(t testing.TB) *host.Executor {
	t.Helper()
	e, err := host.New(host.Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func placeOf(t testing.TB, e *host.Executor) executor.Place {
	t.Helper()
	place, err := e.Prepare(context.Background(), executor.Spec{Job: "job-" + strings.Repeat("x", int(placeCount.Add(1))%50), Repo: "octo/repo"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return place
}

// withPath is a place with one more folder in its PATH.
type withPath struct {
	executor.Place
	folder string
}

func (p withPath) Env() map[string]string {
	env := p.Place.Env()
	env["PATH"] = p.folder + ":" + env["PATH"]
	return env
}
