package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"slipway/internal/fault"
)

// runConfig is the config file of `slipway run`: what a team or a person sets
// once instead of typing it as flags. docs/config.md describes every key.
type runConfig struct {
	On            map[string]string `yaml:"on"`             // label → executor
	StrictRunners bool              `yaml:"strict-runners"` // jobs no machine here can run fail
	Actions       []string          `yaml:"actions"`        // mirrors, tried in order
	Builtin       string            `yaml:"builtin"`        // fallback, always, never
	Workspace     string            `yaml:"workspace"`      // empty, tree
	Parallel      int               `yaml:"parallel"`
	Artifacts     string            `yaml:"artifacts"`
	Vars          map[string]string `yaml:"vars"`
	Env           map[string]string `yaml:"env"`
	SecretFiles   []string          `yaml:"secret-files"` // relative to the config file
}

// readRunConfig reads the user's config file and then the repository's, whose
// keys win. A missing file is no error.
func readRunConfig(repositoryRoot string) (runConfig, error) {
	var config runConfig
	var files []string
	if dir, err := os.UserConfigDir(); err == nil {
		files = append(files, filepath.Join(dir, "slipway", "run.yaml"))
	}
	files = append(files, filepath.Join(repositoryRoot, ".slipway", "run.yaml"))
	for _, file := range files {
		if err := config.merge(file); err != nil {
			return runConfig{}, err
		}
	}
	return config, nil
}

// merge lays the file's keys over c.
func (c *runConfig) merge(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Usage, "cannot read the config file: %w", err)
	}
	var layer runConfig
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&layer); err != nil && !errors.Is(err, io.EOF) {
		return fault.New(fault.Usage, "%s: %w (known keys: on, strict-runners, actions, builtin, workspace, parallel, artifacts, vars, env, secret-files)", file, err)
	}
	for i := range layer.SecretFiles {
		layer.SecretFiles[i] = beside(file, layer.SecretFiles[i])
	}
	layer.Artifacts = beside(file, layer.Artifacts)
	c.On = mergeMaps(c.On, layer.On)
	c.Vars = mergeMaps(c.Vars, layer.Vars)
	c.Env = mergeMaps(c.Env, layer.Env)
	c.Actions = append(layer.Actions, c.Actions...)
	c.SecretFiles = append(c.SecretFiles, layer.SecretFiles...)
	c.StrictRunners = c.StrictRunners || layer.StrictRunners
	c.Builtin = firstSet(layer.Builtin, c.Builtin)
	c.Workspace = firstSet(layer.Workspace, c.Workspace)
	c.Artifacts = firstSet(layer.Artifacts, c.Artifacts)
	if layer.Parallel != 0 {
		c.Parallel = layer.Parallel
	}
	return nil
}

// beside is path from the config file's folder; "" stays "".
func beside(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

func mergeMaps(under, over map[string]string) map[string]string {
	if under == nil {
		return over
	}
	for k, v := range over {
		under[k] = v
	}
	return under
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// parseDotenv reads NAME=VALUE lines: blank lines and # comments are skipped,
// `export ` is allowed, a value in double quotes knows \n, \" and \\ and may
// span lines, one in single quotes is literal.
func parseDotenv(file string, data []byte) (map[string]string, error) {
	values := map[string]string{}
	rest := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	for number := 1; rest != ""; {
		line, after, _ := strings.Cut(rest, "\n")
		text := strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if text == "" || text[0] == '#' {
			rest, number = after, number+1
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fault.New(fault.Usage, "%s:%d: expected NAME=VALUE, found %q", file, number, text)
		}
		value = strings.TrimSpace(value)
		used := 1
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			body, lines, err := quoted(value, after)
			if err != nil {
				return nil, fault.New(fault.Usage, "%s:%d: %w", file, number, err)
			}
			value, used = body, lines
		}
		values[name] = value
		for range used {
			_, rest, _ = strings.Cut(rest, "\n")
		}
		number += used
	}
	return values, nil
}

// quoted reads the quoted value that starts with first and may go on in after;
// lines counts the lines it took.
func quoted(first, after string) (value string, lines int, err error) {
	text := first + "\n" + after
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return b.String(), 1 + strings.Count(text[:i], "\n"), nil
		case c == '\\' && quote == '"' && i+1 < len(text):
			i++
			switch text[i] {
			case 'n':
				b.WriteByte('\n')
			case '"', '\\':
				b.WriteByte(text[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, fmt.Errorf("the value's opening %c has no closing one", quote)
}
