package local

import "slipway/internal/action"

// Options say what to run and how; the zero value of each field is the default.
type Options struct {
	Dir   string   // where the user stands; the repository is found from here
	Paths []string // workflow files or folders of them; nil: .github/workflows
	Job   string   // run this job and what it needs

	Event     string // name; "": push, or what a single named workflow has instead
	EventFile string // JSON payload
	Ref       string // run this commit instead of the working tree
	Inputs    map[string]string
	Vars      map[string]string
	Env       map[string]string
	Secrets   map[string]string
	Matrix    map[string][]string // run only the legs with one of these values for each key

	On            map[string]string // label → executor
	StrictRunners bool              // a job no executor here can take fails
	Workspace     Workspace
	Artifacts     string // folder for uploaded artifacts; "": thrown away with the run
	Parallel      int    // jobs at once; 0: one a processor
	Keep          bool   // leave the jobs' folders
	Debug         bool   // ACTIONS_STEP_DEBUG and ACTIONS_RUNNER_DEBUG

	Actions []string // URL templates of action mirrors, tried in order
	Builtin action.BuiltinMode
	Offline bool

	Dirs Dirs
}

// Workspace says what a job finds in its workspace when it starts.
type Workspace string

// Workspaces.
const (
	WorkspaceEmpty Workspace = "empty" // nothing, as on GitHub
	WorkspaceTree  Workspace = "tree"  // a copy of the working tree
)

// Dirs are the folders that outlive a run.
type Dirs struct {
	State string // places of jobs, locks: swept at the next start
	Cache string // actions by commit, the tool cache
}
