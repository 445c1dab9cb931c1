package builtin

import "strings"

// plainVersions reads a file that has a version a line, as .python-version and
// .nvmrc do. What follows a slash names an environment of the version.
func plainVersions(data string) []string {
	var out []string
	for line := range strings.Lines(data) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, _, _ := strings.Cut(line, "/")
		out = append(out, name)
	}
	return out
}

// toolVersions reads a tool's line of asdf's .tool-versions.
func toolVersions(data, tool string) []string {
	for line := range strings.Lines(data) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 1 && words[0] == tool {
			return words[1:2]
		}
	}
	return nil
}

// pyprojectVersion reads pyproject.toml: requires-python, else Poetry's
// dependency on Python.
func pyprojectVersion(data string) []string {
	return oneOf(tomlString(data, "project", "requires-python"), tomlString(data, "tool.poetry.dependencies", "python"))
}

// oneOf is the first that isn't empty.
func oneOf(values ...string) []string {
	for _, value := range values {
		if value != "" {
			return []string{value}
		}
	}
	return nil
}

// tomlString returns the string of a key in a table of a TOML document, or "". It
// knows `[table]` and `key = "value"` on lines of their own, which is how these
// keys are written.
func tomlString(data, table, key string) string {
	in := false
	for line := range strings.Lines(data) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "["), "]")
			in = strings.ReplaceAll(name, " ", "") == table
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !in || !ok || strings.Trim(strings.TrimSpace(name), `"'`) != key {
			continue
		}
		value = strings.TrimSpace(value)
		if value == "" || value[0] != '"' && value[0] != '\'' {
			return ""
		}
		value, _, _ = strings.Cut(value[1:], value[:1])
		return value
	}
	return ""
}
