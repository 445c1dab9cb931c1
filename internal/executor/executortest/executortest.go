// Package executortest is the suite that every executor passes. It says in
// code what the comments of package executor say in words. A test binary that
// uses it has
//
//	func TestMain(m *testing.M) { os.Exit(executortest.Main(m, factory)) }
//	func TestConformance(t *testing.T) { executortest.Run(t, factory) }
//
// It imports executor and fault only.
package executortest

import (
	"testing"

	"slipway/internal/executor"
)

// Factory makes the executors under test.
type Factory struct {
	// Name tells the factories of a test binary apart.
	Name string
	// New returns a new executor whose state is in the folder root. It is also
	// called in other processes than the test's, several at a time on one root.
	New func(root string) (executor.Executor, error)
	// Spec holds what every place of the executor needs, such as an image that
	// has sh, bash, setsid and coreutils. Its Job is ignored.
	Spec executor.Spec
	// Left lists what the executor left behind that is neither a process, nor
	// a mount, nor under root: containers, networks, control groups. May be nil.
	Left func() ([]string, error)
	// Lacks says which of the promises the executor can't keep.
	Lacks Lacks
}

// Lacks are promises that an executor can't keep. The zero value keeps all.
type Lacks struct {
	Stdin       bool // Command.Stdin is ignored
	Signals     bool // only SIGKILL arrives
	SharedFiles bool // what a command writes is not found under Dirs().Host, and the reverse
	Background  bool // what a command leaves behind ends with it
	Processes   bool // commands are no processes of this machine, seen in its /proc
	HardTrees   bool // only ordinary files are removed: no mounts, no tricks
	Recovery    bool // nothing outlives our process, or it can't be found again
	Survivors   bool // commands end with our process: only folders are left to sweep
}

// Run runs the suite.
func Run(t *testing.T, f Factory) {
	for _, test := range []struct {
		name  string
		run   func(*kit)
		lacks bool // skip it
	}{
		{"a place has empty folders of its own", testFolders, false},
		{"a place's environment is a copy", testEnvironment, false},
		{"prepare refuses nonsense", testPrepareRefuses, false},
		{"prepare cancelled leaves nothing", testPrepareCancelled, false},
		{"the next place is as new", testNextPlace, f.Lacks.SharedFiles},
		{"kept folders stay", testKeep, f.Lacks.SharedFiles},
		{"close is idempotent and concurrent", testClose, false},
		{"the executor's close closes its places", testExecutorClose, f.Lacks.Background || f.Lacks.Processes},

		{"exit codes and signals", testStatus, false},
		{"output streams, in order", testStream, false},
		{"output is complete", testBigOutput, false},
		{"the command's environment", testCommandEnv, false},
		{"the command's folder", testDir, false},
		{"the command's input", testStdin, f.Lacks.Stdin},
		{"commands that cannot start", testCannotStart, f.Lacks.Processes},
		{"files go in and out", testFiles, f.Lacks.SharedFiles},
		{"a script is run while others are written", testBusyScripts, f.Lacks.SharedFiles},
		{"many at once", testParallel, false},

		{"signals reach the tree", testSignals, f.Lacks.Signals || f.Lacks.Processes},
		{"kill ends what ignores", testKill, f.Lacks.Processes},
		{"a signal to the ended is no error", testSignalEnded, false},
		{"background processes serve later commands", testBackground, f.Lacks.Background || f.Lacks.SharedFiles},
		{"nothing outlives its place", testHidden, f.Lacks.Background || f.Lacks.Processes},
		{"a place ends its own only", testOthersLive, f.Lacks.Background || f.Lacks.Processes},
		{"a fork bomb ends", testForkBomb, f.Lacks.Background || f.Lacks.Processes},
		{"a child holds the pipe", testHeldPipe, f.Lacks.Background || f.Lacks.Processes},
		{"children of others are left to them", testOtherChildren, f.Lacks.Processes},

		{"any tree is removed", testTrees, f.Lacks.SharedFiles || f.Lacks.HardTrees},
		{"nothing outside is removed", testOutside, f.Lacks.SharedFiles || f.Lacks.HardTrees},

		{"sweep after kill -9", testRecovery, f.Lacks.Recovery},
		{"sweep beside the living", testSweepLiving, f.Lacks.Recovery},
		{"many processes share a root", testSharedRoot, f.Lacks.Recovery},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.lacks {
				t.Skip("skipped: the executor can't (Lacks)")
			}
			test.run(begin(t, f))
		})
	}
}
