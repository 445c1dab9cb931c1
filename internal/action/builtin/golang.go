package builtin

import (
	"bytes"
	"context"
	"path"
	"runtime"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// setupGo is actions/setup-go for the versions that this machine has, or that the
// Go module proxy has as toolchains.
type setupGo struct{}

func goManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Setup Go environment", Description: "Setup a Go environment and add it to the PATH",
		Inputs: []action.ManifestInput{
			input("go-version", ""), input("go-version-file", ""), input("check-latest", "false"), input("token", ""), input("cache", "true"),
			input("cache-dependency-path", ""), input("architecture", ""), input("go-download-base-url", ""),
		},
		Outputs: outputs("go-version", "cache-hit"),
		Runs:    action.Runs{Using: "node24", Post: "post"},
	}
}

func goTool() tool {
	return tool{
		name: "go", program: "bin/go",
		homes: []string{
			`"$HOME"/sdk/go*`, `"${GOMODCACHE:-${GOPATH:-$HOME/go}/pkg/mod}"/golang.org/toolchain@*`,
			`"${XDG_DATA_HOME:-$HOME/.local/share}"/mise/installs/go/*`, `"$HOME"/.asdf/installs/golang/*/go`,
		},
		onPath: []string{"go"}, version: []string{"env", "GOVERSION"}, equal: true, fetch: fetchGo,
	}
}

// Main puts the asked-for Go on PATH.
func (setupGo) Main(ctx context.Context, call *action.Call) error {
	if err := checkArchitecture(call); err != nil {
		return err
	}
	spec, err := goVersion(call)
	if err != nil {
		return err
	}
	if spec == "" {
		return say(call, "[warning]go-version input was not specified. The action will try to use pre-installed version.")
	}
	allowed, err := goConstraint(spec)
	if err != nil {
		return err
	}
	found, err := goTool().find(ctx, call, spec, allowed)
	if err != nil {
		return err
	}
	call.AddPath(path.Dir(found.program))
	paths, err := shellOut(ctx, call, found.program, "env", "GOPATH")
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(paths, ":")
	if first != "" {
		call.AddPath(path.Join(first, "bin"))
	}
	call.SetOutput("go-version", found.version.goString())
	call.SetOutput("cache-hit", "false")
	return say(call, "Successfully set up Go version %s from %s", found.version.goString(), found.home())
}

// Post has nothing to do: Go keeps its caches itself.
func (setupGo) Post(context.Context, *action.Call) error { return nil }

// goString is the version as Go writes it: 1.22rc1, 1.21.0, and before that 1.20.
func (v version) goString() string {
	name, pre, early := strings.Cut(v.String(), "-")
	if early || v.major == 1 && v.minor < 21 {
		name = strings.TrimSuffix(name, ".0")
	}
	return name + strings.Replace(pre, ".", "", 1)
}

func shellOut(ctx context.Context, call *action.Call, args ...string) (string, error) {
	var out bytes.Buffer
	code, err := call.Exec(ctx, args, "", nil, &out)
	if err != nil {
		return "", err
	}
	if code != 0 {
		return "", fault.New(fault.Missing, "%s ended with exit code %d: %s", strings.Join(args, " "), code, lastLine(out.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// goVersion is the version that the inputs, or the file they name, ask for; "" is
// whatever is on PATH.
func goVersion(call *action.Call) (string, error) {
	spec, file := text(call, "go-version"), text(call, "go-version-file")
	switch {
	case spec != "" && file != "":
		return spec, say(call, "::warning::Both go-version and go-version-file inputs are specified, only go-version will be used")
	case spec != "" || file == "":
		return spec, nil
	}
	data, err := workspaceFile(call, file)
	if err != nil {
		return "", fault.New(fault.NotFound, "The specified go version file at: %s does not exist", file)
	}
	var found []string
	switch name := path.Base(file); {
	case name == "go.mod" || name == "go.work":
		found = oneOf(strings.TrimPrefix(directive(data, "toolchain"), "go"), directive(data, "go"))
	case strings.Contains(name, ".tool-versions"):
		found = toolVersions(data, "golang")
	default:
		found = plainVersions(data)
	}
	if len(found) == 0 {
		return "", fault.New(fault.Invalid, "%s names no version of Go", file)
	}
	return found[0], nil
}

// directive is the argument of a one-line directive of go.mod or go.work, or "".
func directive(data, name string) string {
	for line := range strings.Lines(data) {
		line, _, _ = strings.Cut(line, "//")
		if words := strings.Fields(line); len(words) == 2 && words[0] == name && words[1] != "default" && words[1] != "none" {
			return words[1]
		}
	}
	return ""
}

// goConstraint turns a go-version into a range. Which line of releases is the
// stable one only go.dev knows: the highest is taken for it.
func goConstraint(spec string) (constraint, error) {
	switch spec {
	case "stable":
		return parseConstraint("*")
	case "oldstable":
		return nil, fault.New(fault.Missing, "Slipway's own actions/setup-go can't tell which version %q is: name it, or have the original run (built-in actions: never)", spec)
	}
	return parseConstraint(strings.TrimPrefix(spec, "go"))
}

// fetchGo has a Go that is here get another as a toolchain from the module proxy
// (https://go.dev/doc/toolchain). Go 1.21 is the first that can.
func fetchGo(ctx context.Context, call *action.Call, allowed constraint, have []install) (install, bool, error) {
	host, ok := highest(have, constraint{{{">=", version{major: 1, minor: 21}}}})
	if !ok {
		return install{}, false, nil
	}
	var out bytes.Buffer
	env := []string{"GOTOOLCHAIN=local", "GOFLAGS=-mod=mod", "GOWORK=off"}
	code, err := call.Exec(ctx, []string{host.program, "list", "-m", "-versions", "golang.org/toolchain"}, call.Env["RUNNER_TEMP"], env, &out)
	if err != nil || code != 0 {
		return install{}, false, nil // no proxy: as if it had none
	}
	var offered []install
	for word := range strings.FieldsSeq(out.String()) {
		name, ok := strings.CutSuffix(word, "."+runtime.GOOS+"-"+runtime.GOARCH)
		v, isVersion := parseVersion(strings.TrimPrefix(name, "v0.0.1-"))
		if ok && isVersion {
			offered = append(offered, install{version: v})
		}
	}
	best, ok := highest(offered, allowed)
	if !ok {
		return install{}, false, nil
	}
	if err := say(call, "Go %s is not installed here: fetching it from the module proxy", best.version.goString()); err != nil {
		return install{}, false, err
	}
	out.Reset()
	code, err = call.Exec(ctx, []string{host.program, "env", "GOROOT"}, call.Env["RUNNER_TEMP"], []string{"GOTOOLCHAIN=go" + best.version.goString(), "GOWORK=off"}, &out)
	if err != nil {
		return install{}, false, err
	}
	root := lastLine(out.String())
	if code != 0 || !path.IsAbs(root) {
		return install{}, false, fault.New(fault.Upstream, "Go %s can't be fetched from the module proxy: %s", best.version.goString(), root)
	}
	best.program = path.Join(root, "bin", "go")
	return best, true, nil
}
