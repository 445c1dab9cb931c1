package local

import (
	"strings"
	"testing"
)

func TestPlacement(t *testing.T) {
	linux := machine{"linux", "amd64"}
	for _, c := range []struct {
		name     string
		machine  machine
		labels   []string
		on       map[string]string
		executor string
		reason   string // a part of it
	}{
		{"hosted Linux", linux, []string{"ubuntu-latest"}, nil, "host", ""},
		{"any label of a team's own", linux, []string{"self-hosted", "gpu"}, nil, "host", ""},
		{"no label", linux, nil, nil, "host", ""},
		{"Windows", linux, []string{"windows-2022"}, nil, "", "this machine is Linux"},
		{"macOS", linux, []string{"self-hosted", "macOS"}, nil, "", "runs on macOS"},
		{"another processor", linux, []string{"ubuntu-24.04-arm"}, nil, "", "processor is X64"},
		{"self-hosted with its processor", linux, []string{"self-hosted", "linux", "X64"}, nil, "host", ""},
		{"mapped", linux, []string{"windows-latest"}, map[string]string{"Windows-Latest": "host"}, "host", ""},
		{"mapping wins over the system", linux, []string{"macos-14", "big"}, map[string]string{"big": "sandbox"}, "sandbox", ""},
		{"Linux on a Mac", machine{"darwin", "arm64"}, []string{"ubuntu-latest"}, nil, "", "this machine is macOS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			executor, reason := c.machine.placement(c.labels, c.on)
			if executor != c.executor || !strings.Contains(reason, c.reason) || (executor == "") != (reason != "") {
				t.Errorf("placement(%v) = %q, %q; want %q, a reason with %q", c.labels, executor, reason, c.executor, c.reason)
			}
		})
	}
}
