package runner

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"slipway/internal/fault"
)

// shellKind is what a built-in shell is called with when the workflow gives no
// arguments of its own (actions/runner ScriptHandlerHelpers.cs).
type shellKind struct{ args, extension string }

func builtinShell(name string) shellKind {
	switch strings.ToLower(name) {
	case "bash":
		return shellKind{"--noprofile --norc -e -o pipefail {0}", ".sh"}
	case "sh":
		return shellKind{"-e {0}", ".sh"}
	case "pwsh", "powershell":
		return shellKind{`-command ". '{0}'"`, ".ps1"}
	case "python":
		return shellKind{"{0}", ".py"}
	case "cmd":
		return shellKind{`/D /E:ON /V:OFF /S /C "CALL "{0}""`, ".cmd"}
	}
	return shellKind{}
}

// shell is how one script is run: program is a path, or a name where the
// place's files can't be seen from here.
type shell struct {
	name      string // as the workflow names it: decides extension and fix-ups
	program   string
	args      string // format: {0} is the script
	extension string
}

// shellFinder looks programs up; each is found once per job and PATH. It is
// safe for concurrent use.
type shellFinder struct {
	visible bool // the place's files are the host's, so that PATH can be searched from here

	mu    sync.Mutex
	found map[lookup]string // not what is missing: a step may install it
}

type lookup struct{ name, path string }

func newShellFinder(visible bool) *shellFinder {
	return &shellFinder{visible: visible, found: map[lookup]string{}}
}

// which returns the path of a program, or "" when it is not in path.
func (f *shellFinder) which(name, path string) string {
	if !f.visible || strings.Contains(name, "/") {
		return name
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := lookup{name, path}
	if found, ok := f.found[key]; ok {
		return found
	}
	found := searchPath(name, path)
	if found != "" {
		f.found[key] = found
	}
	return found
}

func searchPath(name, path string) string {
	for dir := range strings.SplitSeq(path, ":") {
		if dir == "" {
			continue
		}
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// find resolves the `shell` of a step; "" is the default: bash, else sh,
// either with sh's arguments.
func (f *shellFinder) find(option, path string) (shell, error) {
	if option == "" {
		program := f.which("bash", path)
		if program == "" {
			program = f.which("sh", path)
		}
		if program == "" {
			return shell{}, fault.New(fault.Missing, "neither bash nor sh was found in PATH (%s): a `run` step needs one of them", path)
		}
		kind := builtinShell("sh")
		return shell{name: "sh", program: program, args: kind.args, extension: kind.extension}, nil
	}
	name, args, _ := strings.Cut(option, " ")
	kind := builtinShell(name)
	program, err := f.program(name, path)
	if err != nil {
		return shell{}, err
	}
	args = strings.TrimLeft(args, " ")
	if args == "" {
		args = kind.args
	}
	if !strings.Contains(args, "{0}") {
		return shell{}, fault.New(fault.Invalid, "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format string containing '{0}'")
	}
	return shell{name: name, program: program, args: args, extension: kind.extension}, nil
}

func (f *shellFinder) program(name, path string) (string, error) {
	if found := f.which(name, path); found != "" {
		return found, nil
	}
	switch name {
	case "python":
		// GitHub's images have `python`; many machines have only the name with the version.
		if found := f.which("python3", path); found != "" {
			return found, nil
		}
	case "cmd", "powershell":
		return "", fault.New(fault.Missing, "shell %q exists on Windows only: use bash, sh or pwsh here", name)
	}
	return "", fault.New(fault.Missing, "shell %q was not found in PATH (%s): install it, or give the step another `shell`", name, path)
}

// command returns the argument list that runs script.
func (s shell) command(script string) []string {
	args := append([]string{s.program}, splitArguments(s.args)...)
	for i := range args[1:] {
		args[i+1] = strings.ReplaceAll(args[i+1], "{0}", script)
	}
	return args
}

// contents is what the script file holds (actions/runner ScriptHandlerHelpers.cs).
func (s shell) contents(script string) string {
	switch strings.ToLower(s.name) {
	case "pwsh", "powershell":
		return "$ErrorActionPreference = 'stop'\n" + script +
			"\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"
	}
	return script
}

// splitArguments splits a command line as .NET does for GitHub's runner: double
// quotes group, a backslash escapes a quote, single quotes mean nothing.
func splitArguments(line string) []string {
	var args []string
	var current strings.Builder
	inside, started := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			run := 1
			for i+run < len(line) && line[i+run] == '\\' {
				run++
			}
			quoted := i+run < len(line) && line[i+run] == '"'
			i += run - 1
			if !quoted {
				current.WriteString(strings.Repeat(`\`, run))
			} else {
				current.WriteString(strings.Repeat(`\`, run/2))
				if run%2 == 1 {
					current.WriteByte('"')
					i++
				}
			}
			started = true
		case c == '"':
			if inside && i+1 < len(line) && line[i+1] == '"' {
				current.WriteByte('"')
				i++
			} else {
				inside = !inside
			}
			started = true
		case (c == ' ' || c == '\t') && !inside:
			if started {
				args = append(args, current.String())
				current.Reset()
				started = false
			}
		default:
			current.WriteByte(c)
			started = true
		}
	}
	if started {
		args = append(args, current.String())
	}
	return args
}
