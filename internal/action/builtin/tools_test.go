package builtin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/fault"
)

// hideTools leaves the place with an empty home and the system's own programs.
func (j *job) hideTools(paths ...string) {
	j.env["HOME"] = filepath.Join(j.dir, "home")
	j.env["N_PREFIX"] = j.env["HOME"]
	for i := range paths {
		paths[i] = filepath.Join(j.dir, paths[i])
	}
	j.env["PATH"] = strings.Join(append(paths, filepath.Join(j.dir, "system")), ":")
	j.link("sh", "mkdir", "mktemp", "dirname", "tar", "gzip", "rm", "mv", "cat", "cp", "env")
}

// link puts programs of this machine into the place's system folder.
func (j *job) link(names ...string) {
	j.t.Helper()
	noError(j.t, os.MkdirAll(filepath.Join(j.dir, "system"), 0o755))
	for _, name := range names {
		for _, dir := range []string{"/usr/bin/", "/bin/"} {
			if _, err := os.Stat(dir + name); err == nil {
				noError(j.t, os.Symlink(dir+name, filepath.Join(j.dir, "system", name)))
				break
			}
		}
	}
}

func (j *job) fakeNode(home, version string) {
	j.executable(home+"/bin/node", "#!/bin/sh\necho v"+version+"\n")
}

func TestSetupNodeFindsVersions(t *testing.T) {
	j := newJob(t)
	j.hideTools("path/bin")
	j.fakeNode("tools/node/18.20.0/"+toolArch(), "18.20.0")
	j.write("tools/node/18.20.0/"+toolArch()+".complete", "")
	j.fakeNode("home/.nvm/versions/node/v20.11.1", "20.11.1")
	j.fakeNode("home/.local/share/fnm/node-versions/v21.7.0/installation", "21.7.0")
	j.fakeNode("path", "20.20.2")
	for spec, want := range map[string]string{
		"18": "v18.20.0", "20": "v20.20.2", "20.11": "v20.11.1", ">=18 <20": "v18.20.0", "lts/*": "v20.20.2", "lts/Hydrogen": "v18.20.0",
		"latest": "v21.7.0", "*": "v21.7.0", "^20.11.0 || 18": "v20.20.2",
	} {
		noError(t, j.run("actions/setup-node", "", map[string]string{"node-version": spec}))
		equal(t, spec, j.outputs["node-version"], want)
		if len(j.paths) != 1 || !strings.HasSuffix(j.paths[0], "/bin") {
			t.Errorf("%s: PATH gets %v", spec, j.paths)
		}
	}
	failsWith(t, j.run("actions/setup-node", "", map[string]string{"node-version": "99"}), fault.Missing, "node 99", "20.20.2 in "+j.dir+"/path/bin/node")
	failsWith(t, j.run("actions/setup-node", "", map[string]string{"node-version": "lts/unknown"}), fault.Invalid, "lts/unknown")
	for _, c := range []struct{ file, content, want string }{
		{".nvmrc", "# ours\nlts/hydrogen\n", "v18.20.0"}, {"package.json", `{"engines": {"node": ">=20 <21"}}`, "v20.20.2"},
		{"package.json", `{"volta": {"node": "20.11.1"}, "engines": {"node": "18"}}`, "v20.11.1"}, {".tool-versions", "nodejs 21.7.0\n", "v21.7.0"},
	} {
		j.write("workspace/"+c.file, c.content)
		noError(t, j.run("actions/setup-node", "", map[string]string{"node-version-file": c.file}))
		equal(t, c.file, j.outputs["node-version"], c.want)
	}
	noError(t, j.run("actions/setup-node", "", nil))
	equal(t, "nothing asked for", len(j.paths), 0)
}

func TestSetupNodeRegistryAndCache(t *testing.T) {
	j := newJob(t)
	noError(t, j.run("actions/setup-node", "", map[string]string{"registry-url": "https://npm.pkg.github.com", "scope": "Acme", "cache": "npm"}))
	equal(t, ".npmrc", j.read("temp/.npmrc"), "//npm.pkg.github.com/:_authToken=${NODE_AUTH_TOKEN}\n@acme:registry=https://npm.pkg.github.com/\n")
	equal(t, "NPM_CONFIG_USERCONFIG", j.exports["NPM_CONFIG_USERCONFIG"], j.dir+"/temp/.npmrc")
	equal(t, "npm_config_cache", j.exports["npm_config_cache"], j.dir+"/tools/downloads/npm")
	failsWith(t, j.run("actions/setup-node", "", map[string]string{"cache": "bower"}), fault.Invalid, "bower")
	failsWith(t, j.run("actions/setup-node", "", map[string]string{"registry-url": "npm"}), fault.Invalid, "registry-url")
}

// TestSetupNodeFetches has an npm whose registry holds two versions.
func TestSetupNodeFetches(t *testing.T) {
	j := newJob(t)
	j.hideTools("path/bin")
	j.fakeNode("path", "20.20.2")
	j.fakeNode("package", "22.11.0")
	j.executable("path/bin/npm", fmt.Sprintf(`#!/bin/sh
case $1 in
view) echo '["22.10.0", "22.11.0", "23.0.0"]';;
pack) [ "$2" = node-linux-%s@22.11.0 ] && tar -czf "$5/it.tgz" -C '%s' package && echo it.tgz;;
esac
`, toolArch(), j.dir))
	noError(t, j.run("actions/setup-node", "", map[string]string{"node-version": "22"}))
	equal(t, "version", j.outputs["node-version"], "v22.11.0")
	equal(t, "PATH", strings.Join(j.paths, ":"), j.dir+"/tools/node/22.11.0/"+toolArch()+"/bin")
	noError(t, os.Remove(filepath.Join(j.dir, "path/bin/npm")))
	noError(t, j.run("actions/setup-node", "", map[string]string{"node-version": "22"})) // from the tool cache
	left, err := filepath.Glob(j.dir + "/tools/node/22.11.0/.new-*")
	noError(t, err)
	equal(t, "left over", len(left), 0)
	failsWith(t, j.run("actions/setup-node", "", map[string]string{"node-version": "23"}), fault.Missing, "node 23")
}

// fakeGo is a Go whose module proxy holds two toolchains.
func (j *job) fakeGo(home, version string) {
	j.executable(home+"/bin/go", fmt.Sprintf(`#!/bin/sh
case "$1 $2" in
"env GOVERSION") [ "$GOTOOLCHAIN" = local ] && echo go%s;;
"env GOPATH") echo '%s/gopath';;
"env GOROOT") echo 'go: downloading'; [ "$GOTOOLCHAIN" = go1.24.5 ] && echo '%s/toolchain';;
"list -m") echo golang.org/toolchain v0.0.1-go1.24.4.linux-amd64 v0.0.1-go1.24.4.linux-arm64 v0.0.1-go1.24.5.linux-amd64 v0.0.1-go1.24.5.linux-arm64 v0.0.1-go1.24.6.darwin-arm64;;
esac
`, version, j.dir, j.dir))
}

func TestSetupGo(t *testing.T) {
	j := newJob(t)
	j.hideTools("usr/bin")
	j.fakeGo("usr", "1.26.8")
	j.fakeGo("home/sdk/go1.22.3", "1.22.3")
	j.fakeGo("home/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.1.linux-amd64", "1.25.1")
	j.fakeGo("toolchain", "1.24.5")
	for spec, want := range map[string]string{
		"1.22": "1.22.3", "1.22.x": "1.22.3", "1.26": "1.26.8", ">=1.22 <1.26": "1.25.1", "stable": "1.26.8", "^1.22.1": "1.26.8", "1.24": "1.24.5",
	} {
		noError(t, j.run("actions/setup-go", "", map[string]string{"go-version": spec}))
		equal(t, spec, j.outputs["go-version"], want)
		equal(t, spec+" PATH", j.paths[0], j.dir+"/gopath/bin")
	}
	failsWith(t, j.run("actions/setup-go", "", map[string]string{"go-version": "1.30"}), fault.Missing, "go 1.30", "1.26.8 in")
	failsWith(t, j.run("actions/setup-go", "", map[string]string{"go-version": "oldstable"}), fault.Missing, "oldstable")
	for _, c := range []struct{ file, content, want string }{
		{"go.mod", "module x\n\ngo 1.22 // c\n", "1.22.3"}, {"go.mod", "module x\n\ngo 1.22\n\ntoolchain go1.25.1\n", "1.25.1"},
		{"go.mod", "go 1.25.1\ntoolchain default\n", "1.25.1"}, {".go-version", "1.22.3\n", "1.22.3"}, {".tool-versions", "golang 1.26.8\n", "1.26.8"},
	} {
		j.write("workspace/"+c.file, c.content)
		noError(t, j.run("actions/setup-go", "", map[string]string{"go-version-file": c.file}))
		equal(t, c.file, j.outputs["go-version"], c.want)
	}
	j.write("workspace/go.mod", "module x\n")
	failsWith(t, j.run("actions/setup-go", "", map[string]string{"go-version-file": "go.mod"}), fault.Invalid, "names no version")
	failsWith(t, j.run("actions/setup-go", "", map[string]string{"go-version-file": "none"}), fault.NotFound, "none does not exist")
}

func TestGoVersionsAsGoWritesThem(t *testing.T) {
	for s, want := range map[string]string{"go1.22rc1": "1.22rc1", "1.21.0": "1.21.0", "1.20": "1.20", "1.20.14": "1.20.14", "go1.27.3": "1.27.3"} {
		v, ok := parseVersion(s)
		if !ok || v.goString() != want {
			t.Errorf("%s: got %s", s, v.goString())
		}
	}
}
