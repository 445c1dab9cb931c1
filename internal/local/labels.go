package local

import (
	"fmt"
	"runtime"
	"strings"
)

// machine is the system jobs would run on.
type machine struct {
	os, arch string // as runtime.GOOS and GOARCH
}

var thisMachine = machine{runtime.GOOS, runtime.GOARCH}

// Names GitHub gives systems and processors in labels and in RUNNER_OS and RUNNER_ARCH.
var (
	systemNames    = map[string]string{"linux": "Linux", "darwin": "macOS", "windows": "Windows"}
	processorNames = map[string]string{"amd64": "X64", "386": "X86", "arm64": "ARM64", "arm": "ARM"}
)

// placement answers where a job with these labels runs: the executor's name,
// or "" and the reason in words why no executor here can take it.
func (m machine) placement(labels []string, on map[string]string) (executor, reason string) {
	for _, label := range labels {
		for mapped, executor := range on {
			if strings.EqualFold(mapped, label) {
				return executor, ""
			}
		}
	}
	for _, label := range labels {
		if system := labelSystem(label); system != "" && system != m.os {
			return "", fmt.Sprintf("runs on %s, and this machine is %s (--on %s=host runs it here all the same)", label, systemNames[m.os], label)
		}
		if processor := labelProcessor(label); processor != "" && processor != m.arch {
			return "", fmt.Sprintf("runs on %s, and this machine's processor is %s (--on %s=host runs it here all the same)",
				label, processorNames[m.arch], label)
		}
	}
	return "host", ""
}

// labelSystem is the system (runtime.GOOS) a label stands for, "" when it names none.
func labelSystem(label string) string {
	label = strings.ToLower(label)
	switch {
	case label == "linux", strings.HasPrefix(label, "ubuntu-"):
		return "linux"
	case label == "macos", strings.HasPrefix(label, "macos-"):
		return "darwin"
	case label == "windows", strings.HasPrefix(label, "windows-"):
		return "windows"
	}
	return ""
}

// labelProcessor is the processor (runtime.GOARCH) a label stands for, "" when it names none.
func labelProcessor(label string) string {
	label = strings.ToLower(label)
	switch {
	case label == "x64":
		return "amd64"
	case label == "x86":
		return "386"
	case label == "arm64", strings.HasSuffix(label, "-arm"):
		return "arm64"
	case label == "arm":
		return "arm"
	}
	return ""
}
