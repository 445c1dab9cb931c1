package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var shellName = rule{
	Rule: Rule{"shell-name", "A shell that doesn't exist, or not on the system of the job"},
	workflow: func(p *pass) {
		checkShell(p, p.workflow.Defaults.Lookup("run").Lookup("shell"), anySystem)
	},
	job: func(p *pass, j *workflow.Job) {
		checkShell(p, j.Defaults.Lookup("run").Lookup("shell"), systemsOf(j))
	},
	step: func(p *pass, s *step) {
		checkShell(p, s.Shell, systemsOf(s.job))
	},
}

// systems is a set of operating systems.
type systems uint8

const (
	systemLinux systems = 1 << iota
	systemMacOS
	systemWindows

	anySystem = systemLinux | systemMacOS | systemWindows
)

func (s systems) String() string {
	var names []string
	for i, name := range [...]string{"Linux", "macOS", "Windows"} {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return orList(names)
}

// systemsOf returns the systems a job may run on, going by its labels.
func systemsOf(j *workflow.Job) systems {
	if j == nil {
		return anySystem
	}
	labels := runsOnLabels(j)
	if len(labels) == 0 || hasUnknownLabel(j) {
		return anySystem
	}
	var found systems
	for _, t := range labels {
		label := strings.ToLower(t.Str())
		switch {
		case strings.HasPrefix(label, "ubuntu-"):
			found |= systemLinux
		case strings.HasPrefix(label, "macos-"):
			found |= systemMacOS
		case strings.HasPrefix(label, "windows-"):
			found |= systemWindows
		}
	}
	if found == 0 {
		return anySystem
	}
	return found
}

// checkShell reports a shell the runner refuses (actions/runner
// ScriptHandler.cs), or one that none of the systems has.
func checkShell(p *pass, t *workflow.Token, on systems) {
	if t.Kind() != workflow.TokenString {
		return
	}
	shell := t.Str()
	name, arguments, _ := strings.Cut(shell, " ")
	switch strings.ToLower(shell) {
	case "bash", "sh", "pwsh", "python":
	case "cmd", "powershell":
		if on&systemWindows == 0 {
			p.report(p.source.scalar(t), "the shell '%s' exists on Windows only, and this runs on %s", shell, on)
		}
	default:
		if !strings.Contains(arguments, "{0}") {
			p.report(p.source.scalar(t),
				"the runner doesn't know the shell '%s'; use bash, sh, pwsh, python, cmd or powershell, or a command line with {0} for the script, as in '%s {0}'", shell, name)
		}
	}
}
