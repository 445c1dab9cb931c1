package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// What a job sees of this machine is an allow-list: programs, libraries,
// certificates, the package database. All else is absent, or as new.

// programs are the folders that are seen whole.
var programs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix"}

// partial are the folders of which only some entries are seen. A name may end
// in "*", for any rest.
var partial = map[string][]string{
	"/etc": {
		"adduser.conf", "alpine-release", "alternatives", "apk", "apt", "bash*", "bindresvport.blacklist", "binfmt.d", "ca-certificates*",
		"crypto-policies", "dbus-1", "debconf.conf", "debian_version", "default", "deluser.conf", "dnf", "dpkg", "emacs", "environment*",
		"fedora-release", "fonts", "gai.conf", "gitconfig", "group", "groff", "gss", "gtk-*", "host.conf", "hostname", "hosts", "ImageMagick*",
		"init.d", "inputrc", "issue*", "java*", ".java", "kernel", "ld.so.*", "libaudit.conf", "locale*", "localtime", "login.defs", "logrotate.d",
		"lsb-release", "machine-id", "magic*", "mailcap*", "man*", "maven", "mime.types", "mtab", "mysql", "nanorc", "netconfig", "networks",
		"nsswitch.conf", "npmrc", "opt", "os-release", "pacman*", "pam.conf", "pam.d", "papersize", "passwd", "perl", "php*", "pip.conf", "pki",
		"profile*", "protocols", "pulse", "python*", "rc0.d", "rc1.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d", "rc6.d", "rcS.d", "redhat-release", "resolv.conf", "rpc", "rpm", "ruby*", "security",
		"selinux", "services", "sgml", "shells", "skel", "ssl", "sysctl*", "system-release", "systemd", "terminfo", "timezone", "tmpfiles.d",
		"ucf.conf", "update-motd.d", "vim", "wgetrc", "X11", "xattr.conf", "xdg", "xml", "yum*", "zsh*",
	},
	"/var/lib": {
		"alternatives", "apk", "apt", "aspell", "ca-certificates*", "dbus", "dictionaries-common", "dnf", "dpkg", "emacsen-common", "gems",
		"ghc", "ispell", "man-db", "misc", "pacman", "pam", "python*", "rpm", "sgml-base", "shells.state", "systemd", "tex*", "ucf", "vim",
		"xml-core",
	},
	"/var/cache": {"apt", "debconf", "dictionaries-common", "fontconfig", "ldconfig", "man", "swcatalog"},
}

// secrets are entries of seen folders that are not: they hold keys, or what
// systemd keeps for services.
var secrets = []string{
	"/etc/ssl/private", "/etc/pki/*/private", "/etc/apt/auth.conf", "/etc/apt/auth.conf.d", "/etc/mysql/debian.cnf", "/etc/security/opasswd",
	"/var/lib/systemd/credential.secret", "/var/lib/systemd/coredump", "/var/lib/systemd/random-seed", "/var/cache/debconf/passwords.dat",
	"/var/lib/dbus/machine-id",
}

// copied are files whose content is taken when the job starts, as they may be
// links or mounts that lead out of what is seen.
var copied = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}

// fresh are the folders that are new and empty for each job.
var fresh = map[string]uint32{
	"/home": 0o755, "/root": 0o700, "/tmp": 0o1777, "/run": 0o755, "/mnt": 0o755, "/media": 0o755, "/srv": 0o755,
	"/boot": 0o755, "/dev": 0o755, "/proc": 0o555, "/sys": 0o555, "/var/tmp": 0o1777, "/var/log": 0o755, "/var/log/apt": 0o755,
	"/var/spool": 0o755, "/var/mail": 0o755, "/var/opt": 0o755, "/var/backups": 0o755, "/home/runner": 0o755,
}

// allowed reports whether the entry name of folder, one of partial, is seen.
func allowed(folder, name string) bool {
	return slices.ContainsFunc(partial[folder], func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return name == pattern || wild && strings.HasPrefix(name, prefix)
	})
}

// secretPaths are the secrets that are on this machine.
func secretPaths() []string {
	var found []string
	for _, secret := range secrets {
		if !strings.Contains(secret, "*") {
			found = append(found, secret)
		} else if paths, err := filepath.Glob(secret); err == nil {
			found = append(found, paths...)
		}
	}
	return slices.DeleteFunc(found, func(path string) bool {
		var st unix.Stat_t
		return unix.Lstat(path, &st) != nil
	})
}

// names lists a folder; none if it is not there or not ours to read.
func names(folder string) []string {
	dir, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer dir.Close()
	list, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	slices.Sort(list)
	return list
}

// withoutHashes is a shadow file as a job may see it: the users are there, for
// tools that look for them, and none has a password.
func withoutHashes(shadow string) string {
	var b strings.Builder
	for line := range strings.Lines(shadow) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) > 1 {
			fields[1] = "*"
		}
		b.WriteString(strings.Join(fields, ":"))
		b.WriteByte('\n')
	}
	return b.String()
}

// homeTools are folders below a home in which tool managers keep programs,
// relative to it. Those that hold a folder of PATH are seen.
var homeTools = []string{
	".pyenv", ".nvm", ".volta", ".rbenv", ".nodenv", ".goenv", ".jenv", ".asdf", ".fnm", ".bun", ".deno", ".rustup", ".sdkman", ".dotnet",
	".ghcup", ".local/share/mise", ".local/share/pnpm", ".local/share/fnm", ".local/share/uv", ".linuxbrew", "miniconda3", "anaconda3", "sdk",
}

// Tools lists the folders outside the system's own in which the programs of a
// PATH are, for Options.Tools: whole installations of known tool managers, and
// folders named bin. Rust's toolchains come with cargo's bin.
func Tools(path string) []string {
	var tools []string
	add := func(tool string) {
		if st, err := os.Stat(tool); err == nil && st.IsDir() && !slices.Contains(tools, tool) {
			tools = append(tools, tool)
		}
	}
	for _, folder := range filepath.SplitList(path) {
		folder = filepath.Clean(folder)
		if !filepath.IsAbs(folder) || folder == "/" || isBelow(folder, programs...) {
			continue
		}
		home := homeOf(folder)
		known := slices.IndexFunc(homeTools, func(tool string) bool { return home != "" && isBelow(folder, filepath.Join(home, tool)) })
		switch {
		case known >= 0:
			add(filepath.Join(home, homeTools[known]))
		case filepath.Base(folder) == "bin":
			add(folder)
			if strings.HasSuffix(folder, "/.cargo/bin") {
				add(filepath.Join(home, ".rustup"))
			}
		}
	}
	return tools
}

// homeOf is the home that path is in, by its place in the tree; "" if in none.
func homeOf(path string) string {
	if isBelow(path, "/root") {
		return "/root"
	}
	if rest, ok := strings.CutPrefix(path, "/home/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return "/home/" + name
	}
	return ""
}

// isBelow reports whether path is one of the folders, or in one.
func isBelow(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
	})
}

// readCopied is the content of a file of copied; nil if it is not there.
func readCopied(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil, nil
	}
	return data, err
}
