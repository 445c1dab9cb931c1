// Package gitrepo reads git repositories: the facts of the one the user stands
// in, copies of its files for jobs, and bare copies of other repositories. The
// common facts are read from git's own files, because a process costs more than
// all of them together; whatever is unusual is asked of the system's git. It
// imports fault only.
package gitrepo
