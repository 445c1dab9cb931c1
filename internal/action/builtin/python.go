package builtin

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// setupPython is actions/setup-python for the versions that this machine has. The
// job gets a virtual environment of its own: what it installs is gone with it,
// and a Python that the system manages can be installed into.
type setupPython struct{}

func pythonManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Setup Python", Description: "Set up a specific version of Python and add the command-line tools to the PATH.",
		Inputs: []action.ManifestInput{
			input("python-version", ""), input("python-version-file", ""), input("cache", ""), input("architecture", ""), input("check-latest", "false"),
			input("token", ""), input("cache-dependency-path", ""), input("update-environment", "true"), input("allow-prereleases", "false"),
			input("freethreaded", "false"), input("pip-version", ""), input("pip-install", ""),
		},
		Outputs: outputs("python-version", "cache-hit", "python-path"),
		Runs:    action.Runs{Using: "node24", Post: "post"},
	}
}

var python = tool{
	name: "Python", program: "bin/python3",
	homes: []string{
		`"${PYENV_ROOT:-$HOME/.pyenv}"/versions/*`, `"${XDG_DATA_HOME:-$HOME/.local/share}"/uv/python/cpython-*`,
		`"${XDG_DATA_HOME:-$HOME/.local/share}"/mise/installs/python/*`, `"$HOME"/.asdf/installs/python/*`,
	},
	onPath:  []string{"python3", "python3.[0-9]", "python3.[0-9][0-9]"},
	version: []string{"--version"},
}

//go:embed setup_python.py
var setupPythonScript string

// pythonEnvironment is a virtual environment and the Python behind it.
type pythonEnvironment struct {
	dir string // inner path

	Implementation string `json:"implementation"`
	Version        string `json:"version"`
	Base           string `json:"base"`   // sys.base_prefix
	Shared         bool   `json:"shared"` // it has a libpython to be found at run time
}

// Main puts the asked-for Python on PATH.
func (s setupPython) Main(ctx context.Context, call *action.Call) error {
	if err := checkArchitecture(call); err != nil {
		return err
	}
	specs, err := pythonVersions(call)
	if err != nil {
		return err
	}
	if len(specs) == 0 {
		return say(call, "::warning::The `python-version` input is not set.  The version of Python currently in `PATH` will be used.")
	}
	for _, spec := range specs {
		if err := s.use(ctx, call, spec); err != nil {
			return err
		}
	}
	return s.cache(call)
}

// Post has nothing to do: what was installed goes with the job's folders.
func (setupPython) Post(context.Context, *action.Call) error { return nil }

// use makes an environment of the highest version that spec allows.
func (s setupPython) use(ctx context.Context, call *action.Call, spec string) error {
	allowed, err := pythonConstraint(call, spec)
	if err != nil {
		return err
	}
	found, err := python.find(ctx, call, spec, allowed)
	if err != nil {
		return err
	}
	env, err := s.environment(ctx, call, found)
	if err != nil {
		return err
	}
	update, err := truth(call, "update-environment")
	if err != nil {
		return err
	}
	if update {
		env.export(call)
	}
	call.SetOutput("python-version", env.Version)
	call.SetOutput("python-path", path.Join(env.dir, "bin", "python"))
	if err := s.install(ctx, call, env); err != nil {
		return err
	}
	return say(call, "Successfully set up %s (%s) from %s", env.Implementation, env.Version, found.home())
}

// environment makes a virtual environment in the job's temporary folder.
func (setupPython) environment(ctx context.Context, call *action.Call, found install) (pythonEnvironment, error) {
	env := pythonEnvironment{dir: path.Join(call.Env["RUNNER_TEMP"], "setup-python", "Python", found.version.String(), toolArch())}
	var out bytes.Buffer
	code, err := call.Exec(ctx, []string{found.program, "-I", "-c", setupPythonScript, env.dir, path.Join(call.Env["RUNNER_TOOL_CACHE"], "pip")}, "", nil, &out)
	if err != nil {
		return env, err
	}
	if code != 0 {
		return env, fault.New(fault.Missing, "%s: no virtual environment could be made (exit code %d): %s", found.program, code, lastLine(out.String()))
	}
	if err := json.Unmarshal([]byte(lastLine(out.String())), &env); err != nil { // warnings may stand before it
		return env, fault.New(fault.Internal, "%s answered %q: %w", found.program, out.String(), err)
	}
	return env, nil
}

// export sets what the original sets (setup-python, find-python.ts).
func (e pythonEnvironment) export(call *action.Call) {
	for _, name := range []string{"pythonLocation", "Python_ROOT_DIR", "Python2_ROOT_DIR", "Python3_ROOT_DIR"} {
		call.SetEnv(name, e.dir)
	}
	call.SetEnv("PKG_CONFIG_PATH", path.Join(e.Base, "lib", "pkgconfig"))
	lib := path.Join(e.Base, "lib")
	before := call.Env["LD_LIBRARY_PATH"]
	// The system's own libraries are found anyway, and in the right order.
	if e.Shared && e.Base != "/usr" && e.Base != "/usr/local" && !strings.Contains(":"+before+":", ":"+lib+":") {
		if before != "" {
			lib += ":" + before
		}
		call.SetEnv("LD_LIBRARY_PATH", lib)
	}
	call.AddPath(e.dir)
	call.AddPath(path.Join(e.dir, "bin"))
}

// install brings the pip, and the packages, that the inputs ask for.
func (setupPython) install(ctx context.Context, call *action.Call, env pythonEnvironment) error {
	pip := []string{path.Join(env.dir, "bin", "python"), "-m", "pip", "install", "--disable-pip-version-check"}
	if v := text(call, "pip-version"); v != "" {
		if parsed, ok := parseVersion(v); !ok || parsed.pre != "" {
			return fault.New(fault.Invalid, "Invalid pip-version %q. Please specify a version in the format major[.minor][.patch].", v)
		}
		if err := runStep(ctx, call, append(pip, "--upgrade", "pip=="+v)...); err != nil {
			return err
		}
	}
	if packages := strings.Fields(text(call, "pip-install")); len(packages) > 0 {
		return runStep(ctx, call, append(pip, packages...)...)
	}
	return nil
}

// cache keeps what a package manager downloads in the tool cache, which outlives
// the job.
func (setupPython) cache(call *action.Call) error {
	manager := text(call, "cache")
	if manager == "" {
		return nil
	}
	variable, ok := map[string]string{"pip": "PIP_CACHE_DIR", "pipenv": "PIPENV_CACHE_DIR", "poetry": "POETRY_CACHE_DIR"}[manager]
	if !ok {
		return fault.New(fault.Invalid, "Caching for '%s' is not supported: expected pip, pipenv or poetry", manager)
	}
	return keepDownloads(call, manager, variable)
}

// keepDownloads points a package manager at a folder of the tool cache and says
// whether it had something.
func keepDownloads(call *action.Call, manager, variable string) error {
	dir := path.Join(call.Env["RUNNER_TOOL_CACHE"], "downloads", manager)
	host := call.Host(dir)
	if err := os.MkdirAll(host, 0o755); err != nil {
		return fault.New(fault.Internal, "make the cache folder of %s: %w", manager, err)
	}
	entries, err := os.ReadDir(host)
	if err != nil {
		return fault.New(fault.Internal, "the cache folder of %s: %w", manager, err)
	}
	hit := "false"
	if len(entries) > 0 {
		hit = "true"
	}
	call.SetEnv(variable, dir)
	call.SetOutput("cache-hit", hit)
	return nil
}

// pythonConstraint turns a python-version into a range.
func pythonConstraint(call *action.Call, spec string) (constraint, error) {
	for _, other := range []string{"pypy", "graalpy"} {
		if strings.HasPrefix(spec, other) {
			return nil, fault.New(fault.Missing, "Slipway's own actions/setup-python sets up CPython only, not %s: have the original run (built-in actions: never)", spec)
		}
	}
	if strings.HasSuffix(spec, "t") || text(call, "freethreaded") == "true" {
		return nil, fault.New(fault.Missing, "Slipway's own actions/setup-python sets up no free-threaded Python (%s): have the original run (built-in actions: never)", spec)
	}
	early, err := truth(call, "allow-prereleases")
	if err != nil {
		return nil, err
	}
	name, dev := strings.CutSuffix(spec, "-dev")
	if v, ok := parseVersion(name); ok && v.given == 2 && (dev || early) {
		return parseConstraint("~" + name + ".0-0")
	}
	return parseConstraint(name)
}

// pythonVersions are the versions that the inputs, or the files they name, ask for.
func pythonVersions(call *action.Call) ([]string, error) {
	specs, file := lines(call, "python-version"), text(call, "python-version-file")
	switch {
	case len(specs) > 0 && file != "":
		return specs, say(call, "::warning::Both python-version and python-version-file inputs are specified, only python-version will be used.")
	case len(specs) > 0:
		return specs, nil
	case file == "":
		data, err := workspaceFile(call, ".python-version")
		if err != nil {
			return nil, nil // there is none
		}
		return plainVersions(data), nil
	}
	data, err := workspaceFile(call, file)
	if err != nil {
		return nil, fault.New(fault.NotFound, "The specified python version file at: %s doesn't exist.", file)
	}
	switch {
	case strings.HasSuffix(file, ".toml"):
		return pyprojectVersion(data), nil
	case strings.Contains(file, ".tool-versions"):
		return toolVersions(data, "python"), nil
	case strings.Contains(file, "Pipfile"):
		return oneOf(tomlString(data, "requires", "python_full_version"), tomlString(data, "requires", "python_version")), nil
	}
	return plainVersions(data), nil
}

// workspaceFile reads a file that a path relative to the workspace names.
func workspaceFile(call *action.Call, name string) (string, error) {
	if !path.IsAbs(name) {
		name = path.Join(call.Env["GITHUB_WORKSPACE"], name)
	}
	data, err := os.ReadFile(filepath.FromSlash(call.Host(name)))
	return string(data), err
}

// lastLine is the last line of text that isn't blank.
func lastLine(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return all[len(all)-1]
}

// runStep runs a program whose output goes to the log; a failure is the step's.
func runStep(ctx context.Context, call *action.Call, args ...string) error {
	if err := say(call, "[command]%s", strings.Join(args, " ")); err != nil {
		return err
	}
	code, err := call.Exec(ctx, args, "", nil, nil)
	if err != nil {
		return err
	}
	if code != 0 {
		return fault.New(fault.Missing, "%s ended with exit code %d", strings.Join(args, " "), code)
	}
	return nil
}
