package cli

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/local"
)

// options turns flags and config files into what to run. ctx bounds the
// programs it asks (gh).
func (f runFlags) options(ctx context.Context, root string) (local.Options, error) {
	config, err := readRunConfig(root)
	if err != nil {
		return local.Options{}, err
	}
	o := local.Options{
		Dir: f.dir, Paths: f.paths, Job: f.job, Event: f.event, EventFile: f.eventFile, Ref: f.ref,
		StrictRunners: f.strict || config.StrictRunners,
		Workspace:     local.Workspace(firstSet(f.workspace, config.Workspace, string(local.WorkspaceEmpty))),
		Artifacts:     firstSet(f.artifacts, config.Artifacts),
		Parallel:      f.parallel, Keep: f.keep, Debug: f.debug, Offline: f.offline,
		Actions: append(f.actions, config.Actions...),
		Builtin: action.BuiltinMode(firstSet(f.builtin, config.Builtin)),
	}
	if o.Parallel == 0 {
		o.Parallel = config.Parallel
	}
	for _, p := range []struct {
		flag, separator string
		typed           []string
		under           map[string]string
		into            *map[string]string
	}{
		{"--input", "=", f.inputs, nil, &o.Inputs},
		{"--var", "=", f.vars, config.Vars, &o.Vars},
		{"--env", "=", f.env, config.Env, &o.Env},
		{"--on", "=", f.on, config.On, &o.On},
	} {
		if *p.into, err = pairs(p.flag, p.separator, p.typed, p.under); err != nil {
			return local.Options{}, err
		}
	}
	if o.Matrix, err = matrixFilter(f.matrix); err != nil {
		return local.Options{}, err
	}
	if o.Secrets, err = f.readSecrets(ctx, config); err != nil {
		return local.Options{}, err
	}
	if o.Dirs, err = defaultDirs(); err != nil {
		return local.Options{}, err
	}
	return o, o.Validate()
}

// pairs reads KEY=VALUE flags over the config file's values.
func pairs(flag, separator string, typed []string, under map[string]string) (map[string]string, error) {
	m := maps.Clone(under)
	if m == nil {
		m = map[string]string{}
	}
	for _, text := range typed {
		key, value, ok := strings.Cut(text, separator)
		if !ok || key == "" {
			return nil, fault.New(fault.Usage, "%s %q: expected KEY%sVALUE", flag, text, separator)
		}
		m[key] = value
	}
	return m, nil
}

// matrixFilter reads KEY:VALUE flags; several of one key are alternatives.
func matrixFilter(typed []string) (map[string][]string, error) {
	filter := map[string][]string{}
	for _, text := range typed {
		key, value, ok := strings.Cut(text, ":")
		if !ok || key == "" {
			return nil, fault.New(fault.Usage, "--matrix %q: expected KEY:VALUE", text)
		}
		filter[key] = append(filter[key], value)
	}
	return filter, nil
}

// readSecrets gathers secrets: files of the config, files of the flags, gh, --secret.
func (f runFlags) readSecrets(ctx context.Context, config runConfig) (map[string]string, error) {
	secrets := map[string]string{}
	for _, file := range append(config.SecretFiles, f.secretFiles...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fault.New(fault.Usage, "cannot read the secret file: %w", err)
		}
		values, err := parseDotenv(file, data)
		if err != nil {
			return nil, err
		}
		maps.Copy(secrets, values)
	}
	if f.ghToken {
		token, err := ghToken(ctx)
		if err != nil {
			return nil, err
		}
		secrets["GITHUB_TOKEN"] = token
	}
	for _, text := range f.secrets {
		key, value, given := strings.Cut(text, "=")
		if key == "" {
			return nil, fault.New(fault.Usage, "--secret %q: expected KEY or KEY=VALUE", text)
		}
		if !given {
			if value, given = os.LookupEnv(key); !given {
				return nil, fault.New(fault.Usage, "--secret %s: the environment has no variable %s; set it or use --secret %s=VALUE", key, key, key)
			}
		}
		secrets[key] = value
	}
	return secrets, nil
}

// ghToken asks the gh program for its token.
func ghToken(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "gh", "auth", "token").Output()
	if err != nil {
		return "", fault.New(fault.Missing, "--gh-token: `gh auth token` gave none (%w); log in with `gh auth login` or use --secret GITHUB_TOKEN=…", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// defaultDirs are the folders for state and cache, under the user's own.
func defaultDirs() (local.Dirs, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return local.Dirs{}, fault.New(fault.Usage, "no folder for the cache: %w; set HOME or XDG_CACHE_HOME", err)
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return local.Dirs{}, fault.New(fault.Usage, "no folder for state: %w; set HOME or XDG_STATE_HOME", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return local.Dirs{State: filepath.Join(state, "slipway"), Cache: filepath.Join(cache, "slipway")}, nil
}
