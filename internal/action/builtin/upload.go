package builtin

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/glob"
)

// uploadArtifact is actions/upload-artifact, version 4 and later; older
// references mean the same.
type uploadArtifact struct {
	store *Artifacts
}

func uploadManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Upload a Build Artifact", Description: "Upload a build artifact that can be used by subsequent workflow steps",
		Inputs: []action.ManifestInput{
			input("name", "artifact"), {Name: "path", Required: true}, input("if-no-files-found", "warn"), input("retention-days", ""),
			input("compression-level", "6"), input("overwrite", "false"), input("include-hidden-files", "false"), input("archive", "true"),
		},
		Outputs: outputs("artifact-id", "artifact-url", "artifact-digest"),
		Runs:    action.Runs{Using: "node24"},
	}
}

// uploadInputs are the inputs, read.
type uploadInputs struct {
	name                       string
	path                       string // patterns
	noFiles                    string // warn, error, ignore
	overwrite, hidden, archive bool
}

func readUpload(call *action.Call) (in uploadInputs, err error) {
	in = uploadInputs{name: text(call, "name"), path: text(call, "path"), noFiles: text(call, "if-no-files-found")}
	if in.path == "" {
		return in, fault.New(fault.Invalid, "Input required and not supplied: path")
	}
	for name, field := range map[string]*bool{"overwrite": &in.overwrite, "include-hidden-files": &in.hidden, "archive": &in.archive} {
		if *field, err = truth(call, name); err != nil {
			return in, err
		}
	}
	switch in.noFiles {
	case "warn", "error", "ignore":
	default:
		return in, fault.New(fault.Invalid, "Unrecognized if-no-files-found input. Provided: %s. Available options: warn,error,ignore", in.noFiles)
	}
	if days := text(call, "retention-days"); days != "" {
		if _, err := strconv.Atoi(days); err != nil {
			return in, fault.New(fault.Invalid, "Invalid retention-days: expected a number, found %q", days)
		}
		if err := say(call, "retention-days (%s) has no effect here", days); err != nil {
			return in, err
		}
	}
	if level := text(call, "compression-level"); level != "" {
		if n, err := strconv.Atoi(level); err != nil || n < 0 || n > 9 {
			return in, fault.New(fault.Invalid, "Invalid compression-level. Valid values are 0-9, found %q", level)
		}
	}
	return in, nil
}

// Main uploads what the patterns find.
func (u uploadArtifact) Main(ctx context.Context, call *action.Call) error {
	in, err := readUpload(call)
	if err != nil {
		return err
	}
	found, err := findFiles(ctx, call, in)
	if err != nil {
		return err
	}
	switch n := len(found.paths); {
	case n == 0:
		return in.nothingFound(call)
	case n == 1:
		err = say(call, "With the provided path, there will be 1 file uploaded")
	default:
		err = say(call, "With the provided path, there will be %d files uploaded", n)
	}
	if err != nil {
		return err
	}
	if !in.archive {
		if len(found.paths) > 1 {
			return fault.New(fault.Invalid, "When 'archive' is set to false, only a single file can be uploaded. Found %d files to upload.", len(found.paths))
		}
		in.name = filepath.Base(found.paths[0])
		found.root = filepath.Dir(found.paths[0])
	}
	if err := checkArtifactName(in.name); err != nil {
		return err
	}
	files, err := found.files()
	if err != nil {
		return err
	}
	return u.upload(ctx, call, in, files)
}

// Post does nothing: the original has no post phase.
func (uploadArtifact) Post(context.Context, *action.Call) error { return nil }

func (in uploadInputs) nothingFound(call *action.Call) error {
	const message = "No files were found with the provided path: %s. No artifacts will be uploaded."
	switch in.noFiles {
	case "error":
		return fault.New(fault.NotFound, message, in.path)
	case "ignore":
		return say(call, message, in.path)
	}
	escaped := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(in.path)
	return say(call, "::warning::"+message, escaped)
}

// upload keeps the files, host paths by their names in the artifact, and says so.
func (u uploadArtifact) upload(ctx context.Context, call *action.Call, in uploadInputs, files map[string]string) (err error) {
	kept, err := u.store.reserve(github(call, "run_id"), in.name, in.overwrite)
	if err != nil {
		return err
	}
	defer func() {
		if abandonErr := kept.abandon(); err == nil && abandonErr != nil {
			err = fault.New(fault.Internal, "give up the upload of %s: %w", in.name, abandonErr)
		}
	}()
	if err := kept.fill(ctx, files); err != nil {
		return err
	}
	kept.raw = !in.archive
	if err := kept.finish(); err != nil {
		return err
	}
	link := (&url.URL{Scheme: "file", Path: kept.dir}).String()
	call.SetOutput("artifact-id", strconv.Itoa(kept.id))
	call.SetOutput("artifact-digest", kept.digest)
	call.SetOutput("artifact-url", link)
	return say(call, "SHA256 digest of uploaded artifact is %s\nArtifact %s has been successfully uploaded! Final size is %d bytes. Artifact ID is %d\nArtifact download URL: %s",
		kept.digest, in.name, kept.size, kept.id, link)
}

// foundFiles are files to upload, and the folder that their names in the artifact start from.
type foundFiles struct {
	paths []string // host paths, symbolic links on them left as they are
	root  string
}

// findFiles finds what the patterns match, following symbolic links.
func findFiles(ctx context.Context, call *action.Call, in uploadInputs) (found foundFiles, err error) {
	workspace := path.Clean(call.Env["GITHUB_WORKSPACE"])
	dir, err := filepath.EvalSymlinks(call.Host(workspace)) // as a process there sees its folder
	if err != nil {
		return found, fault.New(fault.Internal, "the workspace: %w", err)
	}
	written := strings.Split(in.path, "\n")
	for i, line := range written {
		if written[i], err = hostPattern(call, line); err != nil {
			return found, err
		}
	}
	patterns, err := glob.Parse(strings.Join(written, "\n"), dir, call.Host(call.Env["HOME"]))
	if err != nil {
		return found, fault.New(fault.Invalid, "%w", err)
	}
	err = patterns.Walk(ctx, glob.Search{Follow: true, SkipHidden: !in.hidden}, func(path string) error {
		found.paths = append(found.paths, path)
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			return found, fault.New(fault.Cancelled, "the search for files to upload was stopped: %w", context.Cause(ctx))
		}
		return found, fault.New(fault.Upstream, "search for files to upload: %w", err)
	}
	switch searched := patterns.SearchPaths(); {
	case len(searched) > 1:
		found.root = commonFolder(searched)
		err = say(call, "Multiple search paths detected. Calculating the least common ancestor of all paths\nThe least common ancestor is %s. This will be the root directory of the artifact", found.root)
	case len(found.paths) == 1 && searched[0] == found.paths[0]:
		found.root = filepath.Dir(searched[0])
	case len(searched) == 1:
		found.root = searched[0]
	}
	return found, err
}

// hostPattern translates an absolute pattern to where we can look.
func hostPattern(call *action.Call, line string) (string, error) {
	line = strings.TrimSpace(line)
	bare := strings.TrimLeft(line, "! \t")
	if !strings.HasPrefix(bare, "/") {
		return line, nil
	}
	host, err := hostPath(call, bare)
	return strings.TrimSuffix(line, bare) + host, err
}

// hostPath translates an absolute path as commands see it to one we can open.
// Errors: fault.Missing where the job's place keeps it to itself.
func hostPath(call *action.Call, inner string) (string, error) {
	workspace := path.Clean(call.Env["GITHUB_WORKSPACE"])
	host := call.Host(inner)
	if host == inner && call.Host(workspace) != workspace {
		return "", fault.New(fault.Missing, "%s is inside the job's container: artifacts come from and go to %s, the home and the temporary folder", inner, workspace)
	}
	return host, nil
}

// commonFolder is the least common ancestor of absolute, clean paths.
func commonFolder(paths []string) string {
	common := strings.Split(paths[0], "/")
	for _, other := range paths[1:] {
		n := 0
		for _, part := range strings.Split(other, "/") {
			if n == len(common) || part != common[n] {
				break
			}
			n++
		}
		common = common[:n]
	}
	return path.Clean("/" + strings.Join(common, "/"))
}

// files names the files in the artifact.
func (f foundFiles) files() (map[string]string, error) {
	files := make(map[string]string, len(f.paths))
	for _, file := range f.paths {
		name, err := filepath.Rel(f.root, file)
		if err != nil || !filepath.IsLocal(name) {
			return nil, fault.New(fault.Invalid, "The rootDirectory: %s is not a parent directory of the file: %s", f.root, file)
		}
		if err := checkArtifactFile(name); err != nil {
			return nil, err
		}
		files[name] = file
	}
	return files, nil
}
