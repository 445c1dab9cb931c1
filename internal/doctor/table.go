package doctor

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Row is one line of the facts as a table.
type Row struct{ Name, Text string }

// Table is the facts for people.
func (f Facts) Table() []Row {
	rows := []Row{
		{"system", fmt.Sprintf("%s, Linux %s, %s, %d CPUs, %s", f.System.Name, f.System.Kernel, f.System.Arch, f.System.CPUs, bytesText(f.System.Memory))},
		{"user", f.user()},
		{"git", f.Git.String()},
		{"bash", f.Bash.String()},
	}
	for _, node := range f.Node {
		rows = append(rows, Row{"node", node.String()})
	}
	if len(f.Node) == 0 {
		rows = append(rows, Row{"node", "none: not in PATH or the tool cache"})
	}
	return append(rows,
		Row{"python3", f.Python.String()},
		Row{"docker", f.Docker.String()},
		Row{"processes", f.Processes.String()},
		Row{"namespaces", f.Namespaces.String()},
		Row{"disk", f.Disk.String()},
		Row{"tool cache", f.ToolCache.String()},
	)
}

func (f Facts) user() string {
	text := fmt.Sprintf("%s (uid %d)", f.who(), f.System.UID)
	if f.System.Container {
		text += ", in a container"
	}
	return text
}

// String is the version and the path, or why there is none.
func (p Program) String() string {
	switch {
	case p.Path == "":
		return "none: " + p.Problem
	case p.Problem != "":
		return p.Path + ": " + p.Problem
	}
	return p.Version + "  " + p.Path
}

// String is Program's, with what is special about it.
func (p Python) String() string {
	text := p.Program.String()
	if p.Managed {
		text += ", externally managed"
	}
	if p.Version != "" && !p.Venv {
		text += ", without venv"
	}
	return text
}

// String is the Engine's version and address, or why it was not reached.
func (d Docker) String() string {
	if !d.Reachable {
		return "not reachable at " + d.Address + ": " + d.Problem
	}
	return fmt.Sprintf("Engine %s (API %s)  %s", d.Version, d.API, d.Address)
}

// String names the means by which a job's processes are known.
func (p Processes) String() string {
	var means []string
	if p.Group != "" {
		means = append(means, "control group in "+p.Group)
	}
	if p.LimitMarks {
		means = append(means, "mark in the limits")
	}
	means = append(means, "mark in the environment")
	if p.Subreaper {
		means = append(means, "orphans come here")
	}
	return strings.Join(means, "; ")
}

// String lists what can be made and why the others can't.
func (n Namespaces) String() string {
	var parts []string
	for _, kind := range []struct {
		name string
		Possible
	}{{"user", n.User}, {"mount", n.Mount}, {"pid", n.PID}, {"overlay", n.Overlay}} {
		if kind.Yes {
			parts = append(parts, kind.name)
		} else {
			parts = append(parts, "no "+kind.name+" ("+kind.Problem+")")
		}
	}
	return strings.Join(parts, ", ")
}

// String is the free space and where.
func (d Disk) String() string {
	text := fmt.Sprintf("%s free on %s  %s", bytesText(d.Free), d.Type, d.Path)
	if d.Problem != "" {
		text += ": " + d.Problem
	}
	return text
}

// String is the tools and where they are.
func (c ToolCache) String() string {
	if len(c.Tools) == 0 {
		return "empty  " + filepath.Clean(c.Path)
	}
	return strings.Join(c.Tools, ", ") + "  " + filepath.Clean(c.Path)
}
