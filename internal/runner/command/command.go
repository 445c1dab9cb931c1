// Package command reads and obeys workflow commands: lines of a step's output
// such as `::add-mask::value` or `##[group]title` that speak to the runner
// instead of the reader. It imports fault and jobproto only.
//
// Behaviour follows actions/runner: ActionCommand.cs (syntax) and
// ActionCommandManager.cs (meaning).
package command

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
)

// Command is one workflow command as a step wrote it.
type Command struct {
	Name       string // one of the known names in lower case, or the stop token as registered
	Properties []Property
	Data       string // unescaped
}

// Property is one `key=value` of a command, the value unescaped.
type Property struct{ Key, Value string }

// Get returns the value of a property; keys ignore case and the last one wins.
func (c *Command) Get(key string) string {
	for i := len(c.Properties) - 1; i >= 0; i-- {
		if strings.EqualFold(c.Properties[i].Key, key) {
			return c.Properties[i].Value
		}
	}
	return ""
}

// names are the commands a step may use. (GitHub's internal-set-repo-path is
// for plugins of its runner only.)
var names = [...]string{
	"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group",
	"notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}

// Names lists the commands a step may use, in lower case.
func Names() []string { return slices.Clone(names[:]) }

// known returns the canonical name of a command, or "". It does not allocate.
func known(name []byte) string {
	for _, n := range names {
		if len(n) == len(name) && bytes.EqualFold(name, []byte(n)) {
			return n
		}
	}
	return ""
}

// Parse reads a line, without its line ending, as a workflow command. token is
// the stop token that is a command for the moment, or "". A line that is no
// known command gives false; nothing is allocated for it.
//
// Two forms exist: `::name k=v,k2=v2::data`, after white space only, and
// `##[name k=v;k2=v2]data`, anywhere in the line. Names ignore case.
func Parse(line []byte, token string) (Command, bool) {
	if c, ok := parseColons(line, token); ok {
		return c, true
	}
	return parseBrackets(line, token)
}

var (
	colons   = []byte("::")
	brackets = []byte("##[")
)

// parseColons reads `::name k=v,k2=v2::data`.
func parseColons(line []byte, token string) (Command, bool) {
	rest, found := bytes.CutPrefix(trimSpaceLeft(line), colons)
	if !found {
		return Command{}, false
	}
	info, data, found := bytes.Cut(rest, colons)
	if !found {
		return Command{}, false
	}
	name, properties, spaced := bytes.Cut(info, []byte{' '})
	canonical := resolve(name, token)
	if canonical == "" {
		return Command{}, false
	}
	c := Command{Name: canonical, Data: unescapeData(string(data))}
	if spaced && len(name) > 0 {
		c.Properties = readProperties(strings.TrimSpace(string(properties)), ",", unescapeProperty)
	}
	return c, true
}

// parseBrackets reads `##[name k=v;k2=v2]data`.
func parseBrackets(line []byte, token string) (Command, bool) {
	_, rest, found := bytes.Cut(line, brackets)
	if !found {
		return Command{}, false
	}
	info, data, found := bytes.Cut(rest, []byte{']'})
	if !found {
		return Command{}, false
	}
	name, properties, spaced := bytes.Cut(info, []byte{' '})
	canonical := resolve(name, token)
	if canonical == "" {
		return Command{}, false
	}
	c := Command{Name: canonical, Data: unescapeBrackets(string(data))}
	if spaced && len(name) > 0 {
		c.Properties = readProperties(string(properties), ";", unescapeBrackets)
	}
	return c, true
}

// resolve returns the canonical name of a known command or the token, or "".
func resolve(name []byte, token string) string {
	if canonical := known(name); canonical != "" {
		return canonical
	}
	if token != "" && bytes.EqualFold(name, []byte(token)) {
		return token
	}
	return ""
}

// readProperties splits "k=v<sep>k2=v2". As in .NET's Split with empty entries
// removed, extra "=" before a key or a value vanish and a property without a
// value is none; keys keep their spaces.
func readProperties(s, sep string, unescape func(string) string) []Property {
	var out []Property
	for part := range strings.SplitSeq(s, sep) {
		key, value, _ := strings.Cut(strings.TrimLeft(part, "="), "=")
		value = strings.TrimLeft(value, "=")
		if key != "" && value != "" {
			out = append(out, Property{Key: key, Value: unescape(value)})
		}
	}
	return out
}

func trimSpaceLeft(line []byte) []byte {
	if len(line) > 0 && line[0] != ' ' && line[0] != '\t' && line[0] > '\r' && line[0] < 0x80 {
		return line
	}
	return bytes.TrimLeftFunc(line, unicode.IsSpace)
}

// The escapes of each place; %25 stands for the percent sign itself, so one
// pass from left to right does what the runner's passes do.
var (
	dataEscapes     = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	propertyEscapes = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	bracketEscapes  = strings.NewReplacer("%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]", "%25", "%")
)

func unescapeData(s string) string     { return dataEscapes.Replace(s) }
func unescapeProperty(s string) string { return propertyEscapes.Replace(s) }
func unescapeBrackets(s string) string { return bracketEscapes.Replace(s) }
