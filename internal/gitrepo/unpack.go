package gitrepo

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"

	"slipway/internal/fault"
)

// Unpack writes the files of a commit into dst, an empty folder, as GitHub's
// archives hold them: `export-ignore` and `export-subst` attributes apply, and
// there is no repository. Nothing is written outside dst, whatever the commit
// holds; symbolic links that lead out of it are left out and returned.
func (r *Repo) Unpack(ctx context.Context, commit, dst string) (leftOut []string, err error) {
	root, err := os.OpenRoot(dst)
	if err != nil {
		return nil, fault.New(fault.Internal, "unpack into %s: %w", dst, err)
	}
	defer root.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read, write := io.Pipe()
	archived := make(chan error, 1)
	go func() {
		_, err := call{dir: r.root, out: write}.output(ctx, "--git-dir="+r.gitDir, "archive", "--format=tar", commit)
		write.CloseWithError(err) // nil is the end
		archived <- explain(r.root, err)
	}()
	leftOut, err = extract(root, tar.NewReader(read))
	if err == nil {
		_, err = io.Copy(io.Discard, read) // the padding behind the archive's end
	}
	if err != nil {
		stop()
	}
	read.Close()
	if gitErr := <-archived; gitErr != nil && (err == nil || errors.Is(err, gitErr)) {
		return nil, gitErr
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "unpack %s into %s: %w", commit, dst, err)
	}
	return leftOut, nil
}

// extract writes a tar archive's folders, files and symbolic links under root.
func extract(root *os.Root, archive *tar.Reader) (leftOut []string, err error) {
	var links []string
	for {
		entry, err := archive.Next()
		if err == io.EOF {
			return checkLinks(root, links)
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean(entry.Name)
		if name == "." || entry.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if !filepath.IsLocal(name) {
			return nil, errors.New("a file is named " + name)
		}
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return nil, err
		}
		switch entry.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = extractFile(root, name, entry, archive)
		case tar.TypeSymlink:
			links = append(links, name)
			err = root.Symlink(entry.Linkname, name)
		}
		if err != nil {
			return nil, err
		}
	}
}

func extractFile(root *os.Root, name string, entry *tar.Header, content io.Reader) error {
	mode := os.FileMode(0o644)
	if entry.Mode&0o100 != 0 {
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// checkLinks removes the links that lead out of root. A link that leads nowhere
// stays: it leads nowhere inside.
func checkLinks(root *os.Root, links []string) (leftOut []string, err error) {
	for _, name := range links {
		if _, err := root.Stat(name); err == nil || errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		leftOut = append(leftOut, name)
	}
	return leftOut, nil
}
