package builtin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/fault"
	"slipway/internal/testkit"
)

// TestAirQuality does what the job build-test-lint of examples/airquality does,
// with pip's real registry.
func TestAirQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it installs from PyPI")
	}
	testkit.Need(t, "git", "python3")
	j := newJob(t).withRepository()
	noError(t, os.RemoveAll(filepath.Join(j.dir, "repo")))
	noError(t, os.CopyFS(filepath.Join(j.dir, "repo"), os.DirFS(filepath.Join(testkit.Root(), "examples/airquality"))))
	j.github["repository"] = "local/repo"
	noError(t, j.checkout(nil))
	err := j.run("actions/setup-python", "", map[string]string{"python-version": "3.11"})
	if fault.CodeOf(err) == fault.Missing {
		testkit.Missing(t, err.Error())
	}
	noError(t, err)
	for _, variable := range os.Environ() { // how this machine reaches the registry
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PIP_") || strings.HasSuffix(strings.ToLower(name), "_proxy") || name == "SSL_CERT_FILE" {
			j.env[name] = value
		}
	}
	j.env["PATH"] = filepath.Join(j.exports["pythonLocation"], "bin") + ":" + j.env["PATH"]
	for _, script := range []string{
		"pip install -r requirements-dev.txt\npip install -r requirements.txt", "ruff flows/ --output-format=github", "pytest -q",
	} {
		code, err := j.exec(t.Context(), []string{"bash", "-e", "-c", script}, "", nil, nil)
		noError(t, err)
		if code != 0 {
			t.Fatalf("%s ended with exit code %d:\n%s", script, code, &j.log)
		}
	}
}
