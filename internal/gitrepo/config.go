package gitrepo

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
)

// config is a repository's own configuration: "section.subsection.key" → values
// in file order. Sections and keys are lower case, subsections as written.
type config map[string][]string

// last is the value that holds for a key.
func (c config) last(key string) string {
	values := c[key]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// truth reports whether a key is set to something git takes as true.
func (c config) truth(key string) bool {
	values, ok := c[key]
	if !ok {
		return false
	}
	switch strings.ToLower(values[len(values)-1]) {
	case "", "true", "yes", "on", "1":
		return true
	}
	return false
}

// readConfig reads the configuration of the repository at commonDir. A file
// that includes others, or that our reader doesn't understand, is read by git.
func readConfig(ctx context.Context, commonDir string) (config, error) {
	data, err := os.ReadFile(filepath.Join(commonDir, "config"))
	if os.IsNotExist(err) {
		return config{}, nil
	}
	if err != nil {
		return nil, err
	}
	c, ok := parseConfig(data)
	if ok && !c.truth("extensions.worktreeconfig") {
		return c, nil
	}
	out, err := git(ctx, commonDir, "--git-dir=.", "config", "--local", "--includes", "--null", "--list")
	if err != nil {
		return nil, explain(commonDir, err)
	}
	return parseConfigList(out), nil
}

// parseConfigList reads what `git config --null --list` prints: "key\nvalue\0",
// or "key\0" for a key without a value.
func parseConfigList(out []byte) config {
	c := config{}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		if len(entry) == 0 {
			continue
		}
		key, value, _ := strings.Cut(string(entry), "\n")
		c[key] = append(c[key], value)
	}
	return c
}

// parseConfig reads git's configuration format (git-config(1), "Syntax"). ok is
// false when the file includes others or has something we don't read.
func parseConfig(data []byte) (c config, ok bool) {
	c = config{}
	section := ""
	p := configParser{rest: strings.TrimPrefix(string(data), "\ufeff")}
	for p.skipBlank() {
		if p.rest[0] == '[' {
			section, ok = p.section()
			if !ok || section == "include" || strings.HasPrefix(section, "includeif.") {
				return nil, false
			}
			continue
		}
		key, value, ok := p.entry()
		if !ok || section == "" {
			return nil, false
		}
		name := section + "." + strings.ToLower(key)
		c[name] = append(c[name], value)
	}
	return c, true
}

// configParser stands before what is still to be read.
type configParser struct {
	rest string
}

// skipBlank skips space, line ends and comments; false at the end.
func (p *configParser) skipBlank() bool {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if p.rest == "" {
			return false
		}
		if p.rest[0] != '#' && p.rest[0] != ';' {
			return true
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

// section reads `[name]`, `[name "sub"]` or the old `[name.sub]`.
func (p *configParser) section() (name string, ok bool) {
	rest := p.rest[1:]
	end := strings.IndexAny(rest, "]\"\n")
	if end < 0 || rest[end] == '\n' {
		return "", false
	}
	name = strings.ToLower(strings.TrimSpace(rest[:end]))
	if rest[end] == ']' {
		p.rest = rest[end+1:]
		return name, name != ""
	}
	var sub strings.Builder
	rest = rest[end+1:]
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\n':
			return "", false
		case '\\':
			i++
			if i == len(rest) || rest[i] == '\n' {
				return "", false
			}
			sub.WriteByte(rest[i])
		case '"':
			p.rest, ok = strings.CutPrefix(rest[i+1:], "]")
			return name + "." + sub.String(), ok && name != ""
		default:
			sub.WriteByte(rest[i])
		}
	}
	return "", false
}

// entry reads `key = value` or `key`; a value ends at the line's end unless
// that is escaped, and may hold quoted parts.
func (p *configParser) entry() (key, value string, ok bool) {
	end := strings.IndexAny(p.rest, "=\n;#")
	if end < 0 {
		end = len(p.rest)
	}
	key = strings.TrimSpace(p.rest[:end])
	if key == "" || strings.ContainsAny(key, " \t[]\"") {
		return "", "", false
	}
	if end == len(p.rest) || p.rest[end] != '=' {
		p.rest = p.rest[end:]
		return key, "", true
	}
	p.rest = p.rest[end+1:]
	value, ok = p.value()
	return key, value, ok
}

func (p *configParser) value() (string, bool) {
	var out strings.Builder
	quoted, space := false, 0 // space: blanks seen since the last character that counts
	i := 0
scan:
	for ; i < len(p.rest); i++ {
		ch := p.rest[i]
		switch {
		case ch == '\n':
			if quoted {
				return "", false
			}
			break scan
		case !quoted && (ch == ' ' || ch == '\t' || ch == '\r'):
			space++
			continue
		case !quoted && (ch == '#' || ch == ';'):
			if end := strings.IndexByte(p.rest[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(p.rest)
			}
			break scan
		case ch == '"':
			quoted = !quoted
			ch = 0
		case ch == '\\':
			i++
			if i == len(p.rest) {
				return "", false
			}
			var ok bool
			if ch, ok = unescape(p.rest[i]); !ok {
				return "", false
			}
		}
		if out.Len() > 0 {
			out.WriteString(strings.Repeat(" ", space))
		}
		space = 0
		if ch != 0 {
			out.WriteByte(ch)
		}
	}
	p.rest = p.rest[min(i, len(p.rest)):]
	return out.String(), !quoted
}

// unescape is the character after a backslash; 0 for an escaped line end.
func unescape(ch byte) (byte, bool) {
	switch ch {
	case '\n':
		return 0, true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case '"', '\\':
		return ch, true
	}
	return 0, false
}
