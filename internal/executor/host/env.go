package host

import (
	"slices"
	"strings"
)

// inherited are the variables of this process that jobs get: who and where
// they are, how to reach the network, and where language tools live. Others
// stay out, as on a hosted runner: a deployment must not succeed here with
// credentials that happen to be in somebody's shell, and fail there.
var inherited = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_*", "DEBIAN_FRONTEND",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
	"PIP_*", "UV_*", "PYENV_ROOT", "CONDA_*", "POETRY_HOME",
	"NVM_*", "NODE_HOME", "VOLTA_HOME", "PNPM_HOME", "npm_config_*", "NPM_CONFIG_*",
	"GOROOT", "GOPATH", "GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE",
	"CARGO_HOME", "RUSTUP_*", "JAVA_HOME*", "MAVEN_*", "GRADLE_*", "ANDROID_*", "RBENV_ROOT", "GEM_HOME", "DOTNET_*",
	"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION",
	"LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "ImageOS", "ImageVersion",
}

// Environment picks from environ ("K=V") what a job's commands start from.
func Environment(environ []string) []string {
	var env []string
	for _, entry := range environ {
		name, _, ok := strings.Cut(entry, "=")
		if ok && slices.ContainsFunc(inherited, func(pattern string) bool {
			prefix, wild := strings.CutSuffix(pattern, "*")
			return name == pattern || wild && strings.HasPrefix(name, prefix)
		}) {
			env = append(env, entry)
		}
	}
	return env
}
