package doctor

import (
	"fmt"
	"strconv"
	"strings"
)

// Level is how much an advice matters.
type Level string

// Levels.
const (
	Info    Level = "info"    // good to know
	Warning Level = "warning" // some workflows will fail
	Problem Level = "problem" // most will
)

// Advice is what follows from the facts, in words.
type Advice struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`
}

// enoughDisk is what a job that installs a toolchain takes, roughly.
const enoughDisk = 2 << 30

// Advice says what follows from the facts for somebody who runs workflows here.
func (f Facts) Advice() []Advice {
	var all []Advice
	say := func(level Level, format string, args ...any) {
		all = append(all, Advice{level, fmt.Sprintf(format, args...)})
	}
	say(Info, "Jobs run on this machine's own system (%s), as %s: they find the programs that are installed here, not those of GitHub's images, and can change whatever %s can",
		f.System.Name, f.who(), f.who())
	f.adviseOnShells(say)
	f.adviseOnNode(say)
	f.adviseOnPython(say)
	if f.Docker.Reachable {
		say(Info, "Docker answers: steps that call docker work on the host executor. Jobs with container: or services: and Docker actions end with an error all the same, because neither the host nor the sandbox runs images")
	} else {
		say(Warning, "No Docker (%s): steps that call docker fail, and so do jobs with container: or services: and Docker actions", f.Docker.Problem)
	}
	f.adviseOnSandbox(say)
	f.adviseOnProcesses(say)
	switch {
	case f.Disk.Problem != "":
		say(Problem, "Jobs' folders cannot be made under %s: %s", f.Disk.Path, f.Disk.Problem)
	case f.Disk.Free < enoughDisk:
		say(Warning, "Only %s are free under %s: jobs that install much will fail", bytesText(f.Disk.Free), f.Disk.Path)
	}
	return all
}

func (f Facts) who() string {
	if f.System.User == "" {
		return "uid " + strconv.Itoa(f.System.UID)
	}
	return f.System.User
}

func (f Facts) adviseOnShells(say func(Level, string, ...any)) {
	if f.Git.Version == "" {
		say(Problem, "No git (%s): repositories cannot be read, and actions/checkout and remote actions fail. Install git", f.Git.Problem)
	}
	if f.Bash.Version == "" {
		say(Warning, "No bash (%s): run steps use sh, as on GitHub, and those with shell: bash fail. Install bash", f.Bash.Problem)
	}
}

// actionsNode are the versions that today's actions ask for.
var actionsNode = []int{20, 24}

func (f Facts) adviseOnNode(say func(Level, string, ...any)) {
	newest := 0
	for _, node := range f.Node {
		major, _, _ := strings.Cut(node.Version, ".")
		if n, err := strconv.Atoi(major); err == nil {
			newest = max(newest, n)
		}
	}
	if newest == 0 {
		say(Warning, "No Node.js: JavaScript actions fail, but for those that are built in. Install Node.js %d", actionsNode[len(actionsNode)-1])
		return
	}
	for _, wanted := range actionsNode {
		if newest < wanted {
			say(Warning, "The newest Node.js is %d: actions that say node%d fail, but for those that are built in. Install Node.js %d", newest, wanted, actionsNode[len(actionsNode)-1])
			return
		}
	}
}

func (f Facts) adviseOnPython(say func(Level, string, ...any)) {
	switch {
	case f.Python.Version == "":
		say(Warning, "No Python (%s): steps with shell: python and what needs pip fail. Install python3", f.Python.Problem)
	case f.Python.Managed:
		say(Warning, "The system's Python is externally managed (PEP 668): pip install fails in a job unless it uses actions/setup-python or a virtual environment")
	}
	if f.Python.Version != "" && !f.Python.Venv {
		say(Warning, "python3 cannot make virtual environments: install its venv package (python3-venv on Debian and Ubuntu)")
	}
}

// adviseOnSandbox tells of the executor that keeps a job's changes from this machine.
func (f Facts) adviseOnSandbox(say func(Level, string, ...any)) {
	n := f.Namespaces
	needed := []Possible{n.Mount, n.PID, n.Overlay}
	if f.System.UID != 0 {
		needed = append([]Possible{n.User}, needed...)
	}
	for _, kind := range needed {
		if !kind.Yes {
			say(Info, "The sandbox cannot be made here (%s): jobs can only run on this machine itself", kind.Problem)
			return
		}
	}
	say(Info, "Jobs that should leave this machine as it is can run in the sandbox: --on LABEL=sandbox")
}

func (f Facts) adviseOnProcesses(say func(Level, string, ...any)) {
	switch {
	case f.Processes.Group != "":
		say(Info, "What a job leaves running is ended with it by the kernel, through a control group")
	case f.Processes.LimitMarks && f.Processes.Subreaper:
		say(Info, "What a job leaves running is found by its mark and ended with it (no control group can be made here)")
	default:
		say(Warning, "What a job leaves running is found by its environment only: a daemon that clears it stays")
	}
}

// bytesText is n in the largest unit that keeps a digit before the point.
func bytesText(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 || value >= 100 {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
