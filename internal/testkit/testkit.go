// Package testkit holds what tests of several rooms share: finding the
// programs and data a test needs, and saying so when they are missing.
package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Need skips t, with the reason, unless every program is on PATH. In CI
// (CI=true) a missing program fails the test instead: CI installs them all.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Missing(t, "program "+program+" is not on PATH")
		}
	}
}

// Missing skips t because a component is missing, or fails it in CI.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing in CI: %s", reason)
	}
	t.Skipf("skipped: %s", reason)
}

// Shared returns the folder `shared` that stands beside the checkout and holds
// GitHub's conformance data, or skips t when there is none.
func Shared(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(Root(), "..", "shared")
	if _, err := os.Stat(filepath.Join(dir, "conformance")); err != nil {
		Missing(t, "the conformance data (../shared) is not beside this checkout")
	}
	return dir
}

// Root is the folder of this checkout.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
