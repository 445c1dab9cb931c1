package builtin

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// tool is a kind of program that comes in versions, and where they are found in
// a job's place.
type tool struct {
	name    string   // "Python": of messages, and the folder in the tool cache
	program string   // "bin/python3", in an installation's folder
	homes   []string // shell patterns of folders that hold installations, the version in their name
	onPath  []string // shell patterns of the program's names in a folder of PATH
	version []string // arguments that make it print its version
	equal   bool     // what is on PATH counts as much as what the folders hold; else only where they hold none

	// fetch gets a version that isn't here from a package registry; ok is false
	// when there is none to be had. have are the installations there are. May be nil.
	fetch func(ctx context.Context, call *action.Call, allowed constraint, have []install) (got install, ok bool, err error)
}

// install is one installed version of a tool.
type install struct {
	program string // inner path
	version version
}

// home is the folder it is installed in.
func (i install) home() string { return path.Dir(path.Dir(i.program)) }

// find returns the highest version that the constraint allows: of those in
// folders of their own and on PATH, else one from a registry. Errors: fault.Missing when
// there is none, with a list of what there is.
func (t tool) find(ctx context.Context, call *action.Call, spec string, allowed constraint) (install, error) {
	known, err := t.known(ctx, call)
	if err != nil {
		return install{}, err
	}
	if best, ok := highest(known, allowed); ok && !t.equal {
		return best, nil
	}
	onPath, err := t.probe(ctx, call)
	if err != nil {
		return install{}, err
	}
	have := append(known, onPath...)
	if best, ok := highest(have, allowed); ok {
		return best, nil
	}
	if t.fetch != nil {
		got, ok, err := t.fetch(ctx, call, allowed, have)
		if err != nil || ok {
			return got, err
		}
	}
	return install{}, t.missing(call, spec, have)
}

func highest(list []install, allowed constraint) (best install, ok bool) {
	for _, i := range list {
		if allowed.holds(i.version) && (!ok || compareVersions(i.version, best.version) > 0) {
			best, ok = i, true
		}
	}
	return best, ok
}

// known lists the installations whose folder names their version: those of the
// tool cache that are complete, and of version managers.
func (t tool) known(ctx context.Context, call *action.Call) ([]install, error) {
	var script strings.Builder
	fmt.Fprintf(&script, "for home in \"$RUNNER_TOOL_CACHE\"/%s/*/%s; do\n", t.name, toolArch())
	fmt.Fprintf(&script, "  [ -x \"$home/%s\" ] && [ -e \"$home.complete\" ] && printf '%%s\\n' \"$home/%s\"\ndone\n", t.program, t.program)
	if len(t.homes) > 0 {
		fmt.Fprintf(&script, "for home in %s; do\n  [ -x \"$home/%s\" ] && printf '%%s\\n' \"$home/%s\"\ndone\n", strings.Join(t.homes, " "), t.program, t.program)
	}
	out, err := shell(ctx, call, script.String())
	if err != nil {
		return nil, err
	}
	var list []install
	for _, program := range out {
		if v, ok := versionInPath(program); ok {
			list = append(list, install{program: program, version: v})
		}
	}
	return list, nil
}

// probe runs the programs on PATH to learn their versions. The scripts by which
// version managers choose one are passed over; Go tells its own version, not that
// of a module in the workspace.
func (t tool) probe(ctx context.Context, call *action.Call) ([]install, error) {
	var names strings.Builder
	for _, name := range t.onPath {
		fmt.Fprintf(&names, " \"$dir\"/%s", name)
	}
	out, err := shell(ctx, call, "export GOTOOLCHAIN=local\nIFS=:\nfor dir in $PATH; do\n  case $dir in */shims) continue;; esac\n  for program in"+names.String()+
		"; do\n    [ -x \"$program\" ] && printf '%s\\t%s\\n' \"$program\" \"$(\"$program\" "+strings.Join(t.version, " ")+" 2>/dev/null </dev/null)\"\n  done\ndone\n")
	if err != nil {
		return nil, err
	}
	var list []install
	for _, line := range out {
		program, said, _ := strings.Cut(line, "\t")
		for word := range strings.FieldsSeq(said) {
			if v, ok := parseVersion(word); ok {
				list = append(list, install{program: program, version: v})
				break
			}
		}
	}
	return list, nil
}

// shell runs a script in the job's place and returns the lines it printed.
func shell(ctx context.Context, call *action.Call, script string) ([]string, error) {
	var out bytes.Buffer
	code, err := call.Exec(ctx, []string{"sh", "-c", script + "exit 0\n"}, "", nil, &out)
	if err != nil {
		return nil, err
	}
	if code != 0 {
		return nil, fault.New(fault.Internal, "looking for installed tools ended with exit code %d", code)
	}
	return strings.FieldsFunc(out.String(), func(ch rune) bool { return ch == '\n' }), nil
}

// versionInPath finds the version that a folder on the way to a program is named
// after: 3.11.7, cpython-3.11.7-linux-x86_64-gnu, v20.1.0, go1.22.3,
// toolchain@v0.0.1-go1.22.3.linux-amd64.
func versionInPath(program string) (version, bool) {
	parts := strings.Split(program, "/")
	for _, part := range slices.Backward(parts) {
		for _, prefix := range []string{"cpython-", "toolchain@v0.0.1-"} {
			part = strings.TrimPrefix(part, prefix)
		}
		for _, system := range []string{"-linux", ".linux"} {
			part, _, _ = strings.Cut(part, system)
		}
		if v, ok := parseVersion(part); ok && v.given == 3 {
			return v, true
		}
	}
	return version{}, false
}

// missing says what there is instead of what was asked for.
func (t tool) missing(call *action.Call, spec string, have []install) error {
	var list strings.Builder
	slices.SortFunc(have, func(a, b install) int { return compareVersions(b.version, a.version) })
	for _, i := range slices.CompactFunc(have, func(a, b install) bool { return a.program == b.program }) {
		fmt.Fprintf(&list, "\n  %s in %s", i.version, i.program)
	}
	if list.Len() == 0 {
		list.WriteString(" none")
	}
	return fault.New(fault.Missing, "%s %s (%s) is not installed here. There is:%s\nInstall it, put it into the tool cache as %s/%s/VERSION/%s, or ask for a version that is here.",
		t.name, spec, toolArch(), list.String(), call.Env["RUNNER_TOOL_CACHE"], t.name, toolArch())
}

// toolArch is this machine's processor as the tool cache names it.
func toolArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "x86"
	}
	return runtime.GOARCH
}

// checkArchitecture refuses a processor that isn't this machine's.
func checkArchitecture(call *action.Call) error {
	switch asked := strings.ToLower(text(call, "architecture")); asked {
	case "", toolArch(), runtime.GOARCH:
		return nil
	default:
		return fault.New(fault.Missing, "architecture %q: this machine runs %s programs only", asked, toolArch())
	}
}
