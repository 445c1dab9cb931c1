package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// slipwayDoctor runs `slipway doctor` with args and folders of its own.
func slipwayDoctor(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out, err bytes.Buffer
	code = Main(context.Background(), append([]string{"doctor"}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &err})
	return out.String(), err.String(), code
}

func TestDoctor(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///no/such.sock")
	out, stderr, code := slipwayDoctor(t)
	if code != ExitPassed || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, word := range []string{"system ", "git ", "bash ", "node ", "python3 ", "docker ", "processes ", "namespaces ", "disk ", "tool cache ",
		"\nWhat follows\n", "Jobs run on this machine's own system", "No Docker (no socket there"} {
		if !strings.Contains(out, word) {
			t.Errorf("it does not say %q:\n%s", word, out)
		}
	}
}

func TestDoctorJSON(t *testing.T) {
	out, stderr, code := slipwayDoctor(t, "--json")
	var answer struct {
		System struct{ Kernel string }
		Git    struct{ Path string }
		Advice []struct{ Level, Text string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != ExitPassed || stderr != "" {
		t.Fatalf("exit code %d, %v, %s\n%s", code, err, stderr, out)
	}
	if answer.System.Kernel == "" || len(answer.Advice) < 3 || answer.Advice[0].Level != "info" || answer.Advice[0].Text == "" {
		t.Errorf("%+v", answer)
	}
}

func TestDoctorUsage(t *testing.T) {
	if _, stderr, code := slipwayDoctor(t, "please"); code != ExitUsage || !strings.Contains(stderr, "--json") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
