package gitrepo

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"

	"slipway/internal/fault"
)

// Remote is a repository elsewhere.
type Remote struct {
	URL   string // https, ssh or file URL, or a path
	Token string // sent as the password of x-access-token to an http URL's host; never in arguments, logs or files
}

// Found is what a ref of a remote stands for.
type Found struct {
	Ref string // full name: refs/tags/v4
	SHA string // the commit's, through an annotated tag
}

// CheckRef refuses what can be no ref name and would mean something else to git
// (git-check-ref-format(1)). Errors: fault.Invalid.
func CheckRef(ref string) error {
	bad := ref == "" || strings.HasPrefix(ref, "-") || strings.HasPrefix(ref, "/") || strings.HasSuffix(ref, "/") ||
		strings.HasSuffix(ref, ".") || strings.HasSuffix(ref, ".lock") || ref == "@" || len(ref) > 240
	for _, part := range []string{"..", "//", "@{", "/."} {
		bad = bad || strings.Contains(ref, part)
	}
	bad = bad || strings.ContainsFunc(ref, func(ch rune) bool {
		return ch <= ' ' || ch == 0x7f || strings.ContainsRune(`~^:?*[\`, ch)
	})
	if bad {
		return fault.New(fault.Invalid, "%q is no branch, tag or commit: expected a name that git allows", ref)
	}
	return nil
}

// Lookup asks the remote what ref names: a full ref, a tag or a branch, in git's
// order (gitrevisions(7)); "" is its default branch. Errors: fault.NotFound when
// the remote has no such ref; else see Unreachable.
func (m Remote) Lookup(ctx context.Context, ref string) (Found, error) {
	if ref == "" {
		return m.lookupHead(ctx)
	}
	if err := CheckRef(ref); err != nil {
		return Found{}, err
	}
	names := []string{"refs/" + ref, "refs/tags/" + ref, "refs/heads/" + ref}
	if strings.HasPrefix(ref, "refs/") {
		names = []string{ref}
	}
	args := []string{"ls-remote", "--quiet", "--", m.URL}
	for _, name := range names {
		args = append(args, name, name+"^{}")
	}
	out, err := m.git(ctx, "", args...)
	if err != nil {
		return Found{}, err
	}
	shas := map[string]string{}
	for line := range strings.Lines(string(out)) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		shas[name] = sha
	}
	for _, name := range names {
		if sha := shas[name+"^{}"]; IsSHA(sha) {
			return Found{Ref: name, SHA: sha}, nil
		}
		if sha := shas[name]; IsSHA(sha) {
			return Found{Ref: name, SHA: sha}, nil
		}
	}
	return Found{}, fault.New(fault.NotFound, "no branch or tag %q in %s", ref, Redact(m.URL))
}

func (m Remote) lookupHead(ctx context.Context) (Found, error) {
	out, err := m.git(ctx, "", "ls-remote", "--quiet", "--symref", "--", m.URL, "HEAD")
	if err != nil {
		return Found{}, err
	}
	found := Found{Ref: "HEAD"}
	for line := range strings.Lines(string(out)) {
		value, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if target, ok := strings.CutPrefix(value, "ref: "); ok && name == "HEAD" {
			found.Ref = target
		} else if name == "HEAD" {
			found.SHA = value
		}
	}
	if !IsSHA(found.SHA) {
		return Found{}, fault.New(fault.NotFound, "no commit in %s", Redact(m.URL))
	}
	return found, nil
}

// git runs git with the remote's credentials. Its errors hold none.
func (m Remote) git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return m.call(ctx, call{dir: dir}, args...)
}

func (m Remote) call(ctx context.Context, c call, args ...string) ([]byte, error) {
	c.env = append(c.env, "GIT_HTTP_LOW_SPEED_LIMIT=1000", "GIT_HTTP_LOW_SPEED_TIME=30") // bytes a second, seconds
	c.env = append(c.env, m.credentials()...)
	out, err := c.output(ctx, args...)
	if refusal, ok := errors.AsType[*gitError](err); ok {
		refusal.stderr = Redact(refusal.stderr)
		if m.Token != "" {
			refusal.stderr = strings.ReplaceAll(refusal.stderr, m.Token, "***")
		}
	}
	return out, explain(Redact(m.URL), err)
}

// credentials is the environment that hands git the token: an option of git's
// would be seen by every user of the machine.
func (m Remote) credentials() []string {
	key, value := AuthHeader(m.URL, m.Token)
	if key == "" {
		return nil
	}
	n, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	if err != nil {
		n = 0
	}
	at := strconv.Itoa(n)
	return []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(n+1), "GIT_CONFIG_KEY_" + at + "=" + key, "GIT_CONFIG_VALUE_" + at + "=" + value}
}

// AuthHeader is the configuration by which git sends a token to an http URL's
// host, as actions/checkout writes it. Both are "" where there is none to send.
func AuthHeader(remote, token string) (key, value string) {
	u, err := url.Parse(remote)
	if err != nil || token == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", ""
	}
	secret := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	return "http." + u.Scheme + "://" + u.Host + "/.extraheader", "AUTHORIZATION: basic " + secret
}

// Unreachable reports whether err says that the remote's host did not answer, so
// that it makes no sense to ask it again soon.
func Unreachable(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	for _, words := range []string{
		"Could not resolve host", "Failed to connect", "Connection refused", "Connection timed out", "Operation timed out",
		"Couldn't connect to server", "Could not resolve proxy", "Network is unreachable", "No route to host",
		"Could not resolve hostname", "Temporary failure in name resolution", "Connection reset",
	} {
		if says(err, words) {
			return true
		}
	}
	return false
}
