package lint

import (
	"slices"
	"strings"

	"slipway/internal/workflow"
)

var runnerLabel = rule{
	Rule: Rule{"runner-label", "A runner label that no runner of GitHub's has, or not together with another"},
	job: func(p *pass, j *workflow.Job) {
		labels := runsOnLabels(j)
		for _, t := range labels {
			if strings.EqualFold(t.Str(), "self-hosted") {
				return
			}
		}
		for _, t := range labels {
			label := strings.ToLower(t.Str())
			switch {
			case slices.Contains(hostedLabels(), label):
			case slices.Contains(retiredLabels(), label):
				p.report(p.source.scalar(t), "GitHub has retired the runner '%s': no hosted runner takes this job", t.Str())
			default:
				if meant := slipOfLabel(label); meant != "" {
					p.report(p.source.scalar(t), "no GitHub-hosted runner is called '%s'; did you mean '%s'?", t.Str(), meant)
				}
			}
		}
		checkOneSystem(p, j)
	},
}

// checkOneSystem reports a list of labels that no hosted runner has together:
// a runner needs all labels of a job, and is one system.
func checkOneSystem(p *pass, j *workflow.Job) {
	var first *workflow.Token
	for _, t := range j.RunsOn.Items() {
		switch label := strings.ToLower(t.Str()); {
		case !slices.Contains(hostedLabels(), label):
		case first == nil:
			first = t
		case !strings.EqualFold(first.Str(), label):
			p.report(p.source.scalar(t), "no runner is both '%s' and '%s', and a job needs one with all its labels; use a matrix to run on each", first.Str(), t.Str())
		}
	}
}

// hostedLabels are the labels of GitHub-hosted runners (docs.github.com,
// "GitHub-hosted runners reference").
func hostedLabels() []string {
	return []string{
		"ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-24.04-arm", "ubuntu-22.04-arm", "ubuntu-slim",
		"windows-latest", "windows-2025", "windows-2025-vs2026", "windows-2022", "windows-11-arm",
		"macos-latest", "macos-latest-large", "macos-latest-xlarge",
		"macos-26", "macos-26-intel", "macos-26-large", "macos-26-xlarge",
		"macos-15", "macos-15-intel", "macos-15-large", "macos-15-xlarge",
		"macos-14", "macos-14-large", "macos-14-xlarge",
	}
}

func retiredLabels() []string {
	return []string{
		"ubuntu-16.04", "ubuntu-18.04", "ubuntu-20.04", "windows-2016", "windows-2019",
		"macos-10.15", "macos-11", "macos-12", "macos-12-large", "macos-12-xlarge", "macos-13", "macos-13-large", "macos-13-xlarge",
	}
}

// slipOfLabel returns the hosted label that label is a slip of, or "". Labels
// are free, so only one thing counts as a slip: the same parts in the same
// order, numbers equal, and one or two letters of a word wrong, or a wrong
// separator: `ubuntu-lastest`, `ubuntu_latest`.
func slipOfLabel(label string) string {
	parts := labelParts(label)
	for _, known := range hostedLabels() {
		if isSlip(parts, labelParts(known)) {
			return known
		}
	}
	return ""
}

func labelParts(label string) []string {
	return strings.FieldsFunc(label, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
}

func isSlip(parts, known []string) bool {
	if len(parts) != len(known) || len(parts) < 2 {
		return false
	}
	distance := 0
	for i, k := range known {
		if parts[i] == k {
			continue
		}
		d := editDistance(parts[i], k)
		if d > 2 || len(k) < 5 || strings.ContainsAny(parts[i]+k, "0123456789") {
			return false
		}
		distance += d
	}
	return distance <= 3
}

// runsOnLabels are the labels of a job that the file spells out: directly, or
// through `${{ matrix.x }}` and a literal matrix.
func runsOnLabels(j *workflow.Job) []*workflow.Token {
	labels := j.RunsOn
	if labels.Kind() == workflow.TokenMapping {
		labels = labels.Lookup("labels")
	}
	var list []*workflow.Token
	for _, t := range listOf(labels) {
		if t.Kind() == workflow.TokenExpression {
			for _, value := range matrixValues(j, t) {
				if value.Kind() == workflow.TokenString {
					list = append(list, value)
				}
			}
			continue
		}
		list = append(list, t)
	}
	return list
}

// hasUnknownLabel says whether a job may run on something else than GitHub's
// own runners: an expression decides, or a label is not GitHub's.
func hasUnknownLabel(j *workflow.Job) bool {
	if j.RunsOn.Kind() == workflow.TokenMapping {
		return true
	}
	for _, t := range listOf(j.RunsOn) {
		if t.Kind() == workflow.TokenExpression && len(matrixValues(j, t)) == 0 {
			return true
		}
	}
	for _, t := range runsOnLabels(j) {
		label := strings.ToLower(t.Str())
		if !slices.Contains(hostedLabels(), label) && !slices.Contains(retiredLabels(), label) {
			return true
		}
	}
	return false
}
