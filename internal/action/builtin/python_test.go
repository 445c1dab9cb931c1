package builtin

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/action"
	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/testkit"
)

// fakePython puts a Python of a version into the place: a script that answers as
// a real one would.
func (j *job) fakePython(home, version string) {
	j.t.Helper()
	j.executable(home+"/bin/python3", fmt.Sprintf("#!/bin/sh\ncase $1 in\n--version) echo Python %[1]s;;\n*) echo a warning; echo '{\"implementation\":\"CPython\",\"version\":\"%[1]s\",\"base\":\"%[2]s\",\"shared\":true}';;\nesac\n", version, filepath.Join(j.dir, home)))
}

func (j *job) executable(name, script string) {
	j.t.Helper()
	j.write(name, script)
	noError(j.t, os.Chmod(filepath.Join(j.dir, name), 0o755))
}

// withPythons gives the place Pythons of several kinds and hides this machine's.
func (j *job) withPythons() *job {
	j.t.Helper()
	arch := toolArch()
	for _, v := range []string{"3.9.1", "3.10.4"} {
		j.fakePython("tools/Python/"+v+"/"+arch, v)
		j.write("tools/Python/"+v+"/"+arch+".complete", "")
	}
	j.fakePython("tools/Python/3.12.0/"+arch, "3.12.0") // half installed
	j.fakePython("home/.pyenv/versions/3.11.7", "3.11.7")
	j.fakePython("home/.local/share/uv/python/cpython-3.13.2-linux-x86_64-gnu", "3.13.2")
	j.fakePython("system", "3.8.10")
	j.executable("shims/python3", "#!/bin/sh\necho Python 3.14.0\n")
	j.env["HOME"] = filepath.Join(j.dir, "home")
	j.env["PATH"] = strings.Join([]string{filepath.Join(j.dir, "shims"), filepath.Join(j.dir, "system/bin"), "/usr/bin", "/bin"}, ":")
	return j
}

func TestSetupPythonFindsVersions(t *testing.T) {
	j := newJob(t).withPythons()
	for spec, want := range map[string]string{
		"3.9": "3.9.1", "3.10.x": "3.10.4", "3.11": "3.11.7", "3.x": "3.13.2", ">=3.9 <3.11": "3.10.4", "~=3.9.0": "3.9.1", "3.8": "3.8.10", "3.9\n3.11": "3.11.7",
	} {
		noError(t, j.run("actions/setup-python", "", map[string]string{"python-version": spec}))
		equal(t, spec, j.outputs["python-version"], want)
	}
	err := j.run("actions/setup-python", "", map[string]string{"python-version": "3.12"})
	failsWith(t, err, fault.Missing, "Python 3.12 ("+toolArch()+") is not installed here", "3.13.2 in "+j.dir, "3.9.1 in", "3.8.10 in", "tool cache as "+j.env["RUNNER_TOOL_CACHE"]+"/Python/VERSION/")
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version": "three"}), fault.Invalid, `"three" is no version`)
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version": "pypy3.10"}), fault.Missing, "CPython only")
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.9", "architecture": "s390"}), fault.Missing, "s390")
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.9", "update-environment": "maybe"}), fault.Invalid, "update-environment", `"maybe"`)
}

func TestSetupPythonEnvironment(t *testing.T) {
	j := newJob(t).withPythons()
	j.env["LD_LIBRARY_PATH"] = "/before"
	noError(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.11", "cache": "pip"}))
	dir, base := filepath.Join(j.dir, "temp/setup-python/Python/3.11.7", toolArch()), filepath.Join(j.dir, "home/.pyenv/versions/3.11.7")
	for name, want := range map[string]string{
		"pythonLocation": dir, "Python_ROOT_DIR": dir, "Python3_ROOT_DIR": dir, "PKG_CONFIG_PATH": base + "/lib/pkgconfig",
		"LD_LIBRARY_PATH": base + "/lib:/before", "PIP_CACHE_DIR": j.dir + "/tools/downloads/pip",
	} {
		equal(t, name, j.exports[name], want)
	}
	equal(t, "PATH", strings.Join(j.paths, ":"), dir+"/bin:"+dir)
	equal(t, "python-path", j.outputs["python-path"], dir+"/bin/python")
	equal(t, "cache-hit", j.outputs["cache-hit"], "false")
	j.write("tools/downloads/pip/wheel", "w")
	noError(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.11", "cache": "pip", "update-environment": "false"}))
	equal(t, "cache-hit", j.outputs["cache-hit"], "true")
	equal(t, "environment left alone", len(j.paths), 0)
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.11", "cache": "conda"}), fault.Invalid, "conda")
}

func TestPythonVersionFiles(t *testing.T) {
	j := newJob(t).withPythons()
	for _, c := range []struct{ file, content, want string }{
		{".python-version", "# ours\n3.10/envs/x\n", "3.10.4"},
		{"pyproject.toml", "[build]\nrequires-python = \"3.11\"\n[project]\nname = \"x\"\nrequires-python = \">=3.9,<3.11\" # c\n", "3.10.4"},
		{"pyproject.toml", "[tool.poetry.dependencies]\npython = '^3.9'\n", "3.13.2"},
		{".tool-versions", "nodejs 20.1.0\npython 3.9.1 # c\n", "3.9.1"},
		{"Pipfile", "[requires]\npython_version = \"3.11\"\n", "3.11.7"},
		{"runtime.txt", "3.9\n", "3.9.1"},
	} {
		j.write("workspace/"+c.file, c.content)
		noError(t, j.run("actions/setup-python", "", map[string]string{"python-version-file": c.file}))
		equal(t, c.file, j.outputs["python-version"], c.want)
	}
	noError(t, j.run("actions/setup-python", "", nil))
	equal(t, "default file", j.outputs["python-version"], "3.10.4")
	noError(t, os.Remove(filepath.Join(j.workspace, ".python-version")))
	noError(t, j.run("actions/setup-python", "", nil))
	equal(t, "no version at all", j.outputs["python-version"], "")
	if !strings.Contains(j.log.String(), "::warning::The `python-version` input is not set") {
		t.Errorf("no warning: %s", &j.log)
	}
	failsWith(t, j.run("actions/setup-python", "", map[string]string{"python-version-file": "none"}), fault.NotFound, "none doesn't exist")
}

// TestSetupPythonForReal sets up this machine's Python and installs into it.
func TestSetupPythonForReal(t *testing.T) {
	testkit.Need(t, "python3")
	j := newJob(t)
	wheel := j.wheel("harbour")
	noError(t, j.run("actions/setup-python", "", map[string]string{"python-version": "3.x"}))
	bin := filepath.Join(j.exports["pythonLocation"], "bin")
	j.env["PATH"] = bin + ":" + j.env["PATH"]
	pip := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, "pip"), args...)
		cmd.Env = append(os.Environ(), "PIP_DISABLE_PIP_VERSION_CHECK=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pip %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	pip("install", "--no-index", "--no-deps", wheel)
	out, err := exec.Command(filepath.Join(bin, "harbour")).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ahoy" {
		t.Fatalf("the installed program says %q (%v)", out, err)
	}
	version, err := exec.Command(filepath.Join(bin, "python"), "-c", "import platform, sys; print(platform.python_version(), sys.prefix)").Output()
	noError(t, err)
	equal(t, "python", strings.TrimSpace(string(version)), j.outputs["python-version"]+" "+j.exports["pythonLocation"])
	if frozen := pip("freeze"); strings.TrimSpace(frozen) != "harbour @ file://"+wheel && !strings.HasPrefix(frozen, "harbour") {
		t.Errorf("the environment isn't clean: %s", frozen)
	}
	kept, err := filepath.Glob(filepath.Join(j.dir, "tools/pip", j.outputs["python-version"], "pip"))
	noError(t, err)
	equal(t, "pip kept in the tool cache", len(kept), 1)
	noError(t, j.run("actions/setup-python", "", map[string]string{"python-version": j.outputs["python-version"]})) // once more in the same job
}

// wheel makes a Python package with one program, and returns its file.
func (j *job) wheel(name string) string {
	j.t.Helper()
	at := filepath.Join(j.dir, name+"-1.0-py3-none-any.whl")
	f, err := os.Create(at)
	noError(j.t, err)
	archive := zip.NewWriter(f)
	info := name + "-1.0.dist-info/"
	for file, content := range map[string]string{
		name + ".py":              "def main():\n    print('ahoy')\n",
		info + "METADATA":         "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n",
		info + "WHEEL":            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "entry_points.txt": "[console_scripts]\n" + name + " = " + name + ":main\n",
		info + "RECORD":           "",
	} {
		w, err := archive.Create(file)
		noError(j.t, err)
		_, err = w.Write([]byte(content))
		noError(j.t, err)
	}
	noError(j.t, archive.Close())
	noError(j.t, f.Close())
	return at
}

func TestDefaultsOfInputsAreSound(t *testing.T) {
	scope := &expr.Scope{Contexts: expr.NewObject(expr.Pair{Key: "github", Value: expr.Strings(map[string]string{"repository": "o/r", "token": "t"})})}
	for _, n := range All(Config{}) {
		if n.Name != strings.ToLower(n.Name) || n.Manifest == nil || n.Builtin == nil {
			t.Errorf("%+v", n)
		}
		for _, in := range n.Manifest.Inputs {
			if in.Description != "" { // computed could not read its expression
				t.Errorf("%s: %s: %s", n.Name, in.Name, in.Description)
			}
			if _, err := in.Default.Eval(scope); err != nil {
				t.Errorf("%s: %s: %v", n.Name, in.Name, err)
			}
		}
	}
	var _ action.Resolver = (*action.Finder)(nil)
}
