package builtin

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestConstraints(t *testing.T) {
	for _, c := range []struct{ constraint, in, out string }{
		{"3.11", "3.11.0 3.11.7", "3.10.13 3.12.0 3.11.0-rc.1"},
		{"3.11.x", "3.11.0 3.11.7", "3.10.13 3.12.0"},
		{"3.11.*", "3.11.7", "3.12.0"},
		{"3", "3.0.0 3.99.1", "2.7.18 4.0.0"},
		{"3.x", "3.11.7", "4.0.0 2.7.18"},
		{"x", "1.0.0 99.1.2", "1.0.0-rc.1"},
		{"*", "1.0.0", ""},
		{"", "1.0.0", ""},
		{"3.11.7", "3.11.7", "3.11.6 3.11.8"},
		{"v20.1.0", "20.1.0", "20.1.1"},
		{">=3.9", "3.9.0 3.13.0 4.0.0", "3.8.18"},
		{">= 3.9", "3.9.0", "3.8.18"},
		{">=3.9 <3.12", "3.9.0 3.11.7", "3.12.0 3.12.0-rc.1"},
		{">=3.9,<4", "3.9.0 3.13.0", "4.0.0"},
		{">3.9", "3.10.0", "3.9.5 3.9.0"},
		{">3.9.0", "3.9.1", "3.9.0"},
		{"<=3.9", "3.9.18 3.8.0", "3.10.0"},
		{"<3.9", "3.8.18", "3.9.0"},
		{"~3.9", "3.9.18", "3.10.0"},
		{"~3.9.2", "3.9.18", "3.9.1 3.10.0"},
		{"~3", "3.10.0", "4.0.0"},
		{"^1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{"^0.2.3", "0.2.3 0.2.9", "0.3.0"},
		{"^0.0.3", "0.0.3", "0.0.4"},
		{"~=3.9", "3.9.0 3.13.0", "4.0.0 3.8.0"},
		{"~=3.9.2", "3.9.2 3.9.9", "3.10.0 3.9.1"},
		{"==3.11.*", "3.11.7", "3.12.0"},
		{">=3.9,!=3.9.1", "3.9.0 3.9.2", "3.9.1"},
		{"1.2 - 1.4", "1.2.0 1.4.9", "1.5.0 1.1.0"},
		{"1.2.3 - 1.4.2", "1.2.3 1.4.2", "1.4.3 1.2.2"},
		{"18 || ^20.1", "18.5.0 20.2.0", "20.0.0 19.0.0"},
		{"~3.13.0-0", "3.13.0-rc.1 3.13.5", "3.12.9 3.14.0"},
		{"3.13.0-rc.1", "3.13.0-rc.1", "3.13.0 3.13.0-rc.2"},
	} {
		parsed, err := parseConstraint(c.constraint)
		if err != nil {
			t.Errorf("%q: %v", c.constraint, err)
			continue
		}
		check := func(list string, want bool) {
			for word := range strings.FieldsSeq(list) {
				v, ok := parseVersion(word)
				if !ok || parsed.holds(v) != want {
					t.Errorf("%q holds %s: got %v", c.constraint, word, !want)
				}
			}
		}
		check(c.in, true)
		check(c.out, false)
	}
	for _, bad := range []string{"python3", "3..1", ">=", "=>3", "3.11.7.1", "latest", "3 -", "!=3", "99999999999"} {
		if c, err := parseConstraint(bad); err == nil && bad != ">=" {
			t.Errorf("%q was taken for %v", bad, c)
		}
	}
}

func TestVersionsAreOrdered(t *testing.T) {
	want := strings.Fields("2.7.18 3.9.0 3.10.0-a.1 3.10.0-b.2 3.10.0-rc.1 3.10.0-rc.2 3.10.0-rc.10 3.10.0 3.10.1 3.11.0")
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int {
		x, _ := parseVersion(a)
		y, _ := parseVersion(b)
		return compareVersions(x, y)
	})
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for s, want := range map[string]string{"3.13.0rc1": "3.13.0-rc.1", "go1.22rc2": "1.22.0-rc.2", "v1.2": "1.2.0", "3.14.0a2+build": "3.14.0-a.2"} {
		if v, ok := parseVersion(s); !ok || v.String() != want {
			t.Errorf("%s: got %v", s, v)
		}
	}
}

// TestAVersionIsInItsOwnRanges: a release lies in every range made from it.
func TestAVersionIsInItsOwnRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(0, 30)
		v := version{major: number.Draw(t, "major"), minor: number.Draw(t, "minor"), patch: number.Draw(t, "patch")}
		for _, prefix := range []string{"", "=", "==", ">=", "<=", "~", "^", "~="} {
			c, err := parseConstraint(prefix + v.String())
			if err != nil || !c.holds(v) {
				t.Fatalf("%s%s does not hold %s (%v)", prefix, v, v, err)
			}
		}
		for _, prefix := range []string{">", "<", "!="} {
			c, err := parseConstraint(prefix + v.String())
			if err != nil || c.holds(v) {
				t.Fatalf("%s%s holds %s (%v)", prefix, v, v, err)
			}
		}
	})
}

func FuzzParseConstraint(f *testing.F) {
	for _, seed := range []string{"3.11", ">=3.9,<4", "1 - 2", "^x", "~= 3", "||", "a||b", "1.2.3-rc.1", "<>="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseConstraint(s); err == nil {
			c.holds(version{major: 3, minor: 11, patch: 7})
		}
	})
}
